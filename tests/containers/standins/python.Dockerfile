# Stands in for the image of Python that our images begin with: Debian's own Python.
FROM localhost/risorius-debian:bookworm
RUN ln -s python3 /usr/bin/python
CMD ["python"]
