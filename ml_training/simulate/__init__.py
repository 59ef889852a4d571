"""A simulator of facial palsy: one portrait in, labelled photos of exercises out.

1. MediaPipe's landmarks of a portrait place the ICT face model on it (`fit`).
2. The portrait becomes the model's texture; other expression weights move it (`render`).
3. A palsy is the same movement, less of it on the weak side, with droop and pull (`expressions`).
4. Light, blur, noise and compression make it a photograph (`photography`).
"""
