# `make run` and `make test` are all that a newcomer types; `make help` says the rest.
PORT ?= 8000
VENV ?= .venv
ARGS ?=
PROCESSES ?= 2
TO ?= var/sbom
PYTHON ?=

PY = $(VENV)/bin/python
# A process that starts compiles nothing that another one has compiled.
unexport PYTHONDONTWRITEBYTECODE
# The first Python that everything has wheels for.
FIND = for python in $(or $(PYTHON),python3 python3.13 python3.12 python3.11 python); do \
	"$$python" -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12), (3, 13)))' 2>/dev/null \
	&& { echo "$$python"; break; }; done
define INSTALL
python="$$([ -x $(PY) ] && $(PY) -c '' 2>/dev/null && echo $(PY) || { $(FIND); })"; \
[ -n "$$python$(if $(PYTHON),,-)" ] || { echo "PYTHON=$(PYTHON) is no Python 3.11 to 3.13." >&2; exit 1; }; \
[ -n "$$python" ] || { echo "Risorius needs Python 3.11 to 3.13 and found none: type \
sudo apt-get install python3 python3-venv, or name one with make $@ PYTHON=/path/to/python3.12" >&2; exit 1; }; \
"$$python" clinic/start/install.py $(VENV)
endef
# Long files first, as tests/conftest.py puts them, and each file whole.
# What fails once and passes then is told as RERUN: a mistake to be mended, and no reason to refuse a change.
APART = -n $(PROCESSES) --dist loadfile --no-loadscope-reorder --reruns 1
MANAGE = $(INSTALL) run && exec $(PY) manage.py

.DEFAULT_GOAL := help
.PHONY: help run dev test coverage lint format doctor demo-reset faults bench bench-records containers train-setup messages locks screenshots fsck backup restore fuzz audit images sbom

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | awk -F ':.*## ' '{ printf "  make %-13s %s\n", $$1, $$2 }'

run: ## Start the demo clinic at http://127.0.0.1:8000/ (make run PORT=9000 for another port)
	@$(INSTALL) run && exec $(PY) -m clinic.start.serve $(PORT)

dev: ## Start the demo for working on it: DEBUG, debug toolbar, everything reloads (make dev PORT=9000)
	@$(INSTALL) dev && exec $(PY) -m clinic.start.dev $(PORT)

test: ## Lint, types and the whole suite in two processes, with a PostgreSQL and a Redis of its own (ARGS="tests/api -k token")
	@$(INSTALL) test && $(PY) -m tests.servers --check
	@$(MAKE) --no-print-directory lint
	@exec $(PY) -m tests.servers $(PY) -m pytest $(APART) $(ARGS)

coverage: ## The whole suite under coverage: lines and branches by room, at least 90 % (ARGS="tests/api" for a part); takes long
	@$(INSTALL) test && $(PY) -m tests.servers --check
	@PYTEST_ADDOPTS="$(APART)" exec $(PY) -m tests.servers $(PY) -m tests.covered $(ARGS)

lint: ## Style, templates, types, who may import whom, scripts; in an environment of its own size
	@$(INSTALL) lint
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m djlint templates --lint --quiet
	$(PY) -m mypy
	$(VENV)/bin/lint-imports --no-logo
	$(PY) -m clinic.start.scripts

format: ## Put the code into shape
	@$(INSTALL) lint
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

doctor: ## Check this installation, with a remedy for each thing that is wrong
	@$(MANAGE) doctor

fsck: ## Check every file and record (ARGS="--sample 5%", ARGS=--repair)
	@$(MANAGE) fsck $(ARGS)

backup: ## Make an encrypted backup (ARGS="--to FOLDER --passphrase-file FILE"; asks for the passphrase otherwise)
	@$(MANAGE) backup $(ARGS)

restore: ## Restore one into an empty database and folder (ARGS="FILE --passphrase-file FILE")
	@$(MANAGE) restore $(ARGS)

demo-reset: ## Forget the demo's records and photos; the next `make run` loads them anew
	@$(INSTALL) run && exec $(PY) -m clinic.start.reset

faults: ## Kill, empty and stop what can be, and count what is lost (ARGS="--short kills disk"); takes half an hour
	@$(INSTALL) test && $(PY) -m tests.servers --check
	@exec $(PY) -m tests.faults $(ARGS)

containers: ## Build the images, start compose.yml with podman, break it, upgrade it; needs root (ARGS="--before COMMIT kills")
	@$(INSTALL) test
	@exec $(PY) -m tests.containers $(ARGS)

fuzz: ## Send 10,000 malformed uploads and a whole schema of made-up requests (ARGS="uploads --count 500"); takes long
	@$(INSTALL) test && $(PY) -m tests.servers --check
	@exec $(PY) -m tests.servers $(PY) -W ignore -m tests.fuzz $(ARGS)

audit: ## Ask the world for known holes in locked packages, copied npm files and images; says what it could not ask
	@$(INSTALL) test
	@exec $(PY) docker/audit.py

images: ## Pin each image by the digest that its tag has now (needs docker and the network)
	@$(INSTALL) run && exec $(PY) docker/images.py --lock

sbom: ## Write the software bill of materials, CycloneDX (make sbom TO=folder); worker and web apart
	@$(INSTALL) test && mkdir -p $(TO)
	@$(PY) -W ignore -m cyclonedx_py requirements requirements.txt --pyproject pyproject.toml --mc-type application \
	--output-reproducible --of JSON -o $(TO)/risorius-worker.cdx.json
	@$(PY) -W ignore -m cyclonedx_py requirements docker/web-requirements.txt --pyproject pyproject.toml \
	--mc-type application --output-reproducible --of JSON -o $(TO)/risorius-web.cdx.json
	@ls $(TO)/*.cdx.json

bench-records: ## Measure every page of a clinic of 100,000 patients (ARGS="--patients 1000 --explain"); takes long
	@$(INSTALL) test && $(PY) -m tests.servers --check
	@exec $(PY) -W ignore -m tests.records $(ARGS)

bench: ## Measure the way from upload to result beside the bare pipeline
	@$(INSTALL) test && $(PY) -m tests.servers --check
	@exec $(PY) -m tests.servers $(PY) -W ignore -m tests.bench $(ARGS)

train-setup: ## Install what ml_training needs beside the rest
	@$(INSTALL) train

messages: ## Collect the texts to translate and compile the catalogues (needs gettext)
	@$(INSTALL) run && $(PY) manage.py makemessages --locale id --no-location --no-wrap --no-obsolete \
	$(foreach place,$(VENV) var static tests docs docker ml_training node_modules,--ignore $(place)) \
	&& msgfmt --check -o clinic/locale/id/LC_MESSAGES/django.mo clinic/locale/id/LC_MESSAGES/django.po

locks: ## Renew the locked requirements from pyproject.toml (needs uv)
	@docker/lock.sh

screenshots: ## Take the README's pictures from a running demo (make screenshots PORT=9000)
	@$(INSTALL) test && exec $(PY) docs/screenshots.py http://127.0.0.1:$(PORT)
