# lossbook: `make` lists what there is to do.
RUN := .venv/bin/python
# Named once, a Python is kept.
PYTHON ?= $(shell test -x $(RUN) && echo $(RUN) || echo python3)
SOURCES := $(wildcard *.md) references.bib _config.yml _toc.yml requirements.lock \
    $(wildcard chapters/*.* reference/*.* lossbook/*.* lossbook/exercises/*.*) tools/build.py \
    $(wildcard site/*.* site/lossbook_page/*.* site/theme/*.* site/theme/static/*.*)

unexport PYTHONPATH PYTHONHOME

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1@/p' Makefile | awk -F@ '{ printf "%-32s%s\n", $$1, $$2 }'

environment:
	@command -v "$(PYTHON)" >/dev/null || { echo "lossbook: there is no $(PYTHON): install Python 3.11 to 3.14, or name one, as in \`make book PYTHON=python3.12\`" >&2; exit 1; }
	@exec "$(PYTHON)" tools/environment.py

book: environment  ## build the pages from the notebooks' stored outputs
	@$(MAKE) -s --no-print-directory _build/stamp
	@$(RUN) -c 'import pathlib; print(pathlib.Path("_build/html/index.html").absolute().as_uri())'

_build/stamp: $(SOURCES)
	@$(RUN) tools/build.py $^

test: environment  ## run every test: notebooks executed and compared, pages opened in a browser
	@$(RUN) -m pytest --thorough $(ARGS)
	@$(RUN) tools/browser.py >/dev/null || echo "lossbook: THE PAGES WERE NOT TESTED, for want of a browser" >&2

audit: book  ## Lighthouse on every page (installed on first use; needs a Chromium)
	@exec "$(PYTHON)" tools/environment.py audit
	@$(RUN) tools/audit.py $(ARGS)

lab:  ## open the notebooks in JupyterLab (installed on first use)
	@exec "$(PYTHON)" tools/environment.py lab
	@$(RUN) -m jupyter trust chapters/*.ipynb reference/*.ipynb > /dev/null  # or figures are words until their cells run
	@$(RUN) -m jupyter lab $(ARGS) chapters

serve: book  ## show the pages at http://localhost:8000 (or PORT=...), on this machine only
	@$(RUN) tools/server.py $(PORT)

edit: environment  ## NB=chapters/...ipynb as text in your editor, and back
	@$(RUN) tools/notebooks.py edit "$(NB)"

refresh: environment  ## NB=chapters/...ipynb executed anew, with the difference shown
	@$(RUN) tools/notebooks.py refresh "$(NB)"

lint: environment  ## ruff on code and notebooks, mypy on the library
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check --quiet .
	@$(RUN) -m mypy

lock: environment  ## renew the locks
	@exec "$(PYTHON)" tools/environment.py maintain
	@$(RUN) tools/lock.py

check-newest: environment  ## run notebooks and library tests with the newest and oldest dependencies
	@exec "$(PYTHON)" tools/environment.py maintain
	@$(RUN) tools/check_newest.py $(ARGS)

mutants: environment  ## change the library in small ways, and tell which changes no test notices
	@$(RUN) tools/mutants.py $(ARGS)

clean:  ## remove what was built; with ENV=1 the environment too
	@rm -rf _build build lossbook.egg-info $(if $(ENV),.venv .setup.log)

.PHONY: help environment book test audit lab serve edit refresh lint lock check-newest mutants clean
