# The front door of Hookwall: "make" lists what it can do.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

GO ?= go

# More for "make run", such as ARGS="--addr 127.0.0.1:9000".
ARGS ?=
# Whether "make watch" opens a browser.
OPEN ?= true
# More for "go test", such as TESTFLAGS="-run Connect -v".
TESTFLAGS ?=

# "go test" doesn't vet again where the target has vetted everything before.
VETTED = -vet=off

# Hookwall is pure Go. Only the race detector needs a C compiler.
export CGO_ENABLED ?= 0

# Tests of properties try the same values each time; "make fuzz" tries others.
export RAPID_SEED ?= 1

VERSION = $(shell tools/version.sh)
LDFLAGS = -s -w -X main.version=$(VERSION)
BINARY ?= bin/hookwall
BUILDFLAGS ?= -trimpath

# The systems that releases are built for.
TARGETS ?= linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64

# Tools are built once for each Go version and set of pinned modules.
TOOLS := .tools/$(shell { $(GO) env GOVERSION; cat tools/go.sum; } 2>/dev/null | cksum | cut -d ' ' -f 1)
TEMPL := $(TOOLS)/templ
ESBUILD := $(TOOLS)/esbuild
SUPPLY = $(GO) -C tools run ./supply

.PHONY: help
help: ## List these targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ## Build and start the dashboard; reads .env when there is one
	@tools/run.sh $(ARGS)

.PHONY: fleet
fleet: ## Build and start a team with 43 demo shops in the sandbox; ARGS="--shops 1000" for more
	@tools/run.sh --team --connect-channel $(ARGS)

# Where "make watch" shows the dashboard, which itself listens on another port.
WATCH_PORT ?= 7331
WATCH_ADDR ?= 127.0.0.1:7332

# templ's proxy adds a script to each page that reloads it. The script comes
# from the proxy's own address, which is the dashboard's public URL here, so the
# content security policy and the check of the host stay as they are. Without
# -trimpath the program finds the text of the templates and needs no rebuild
# when only that changes. watch.go does what else the proxy needs.
.PHONY: watch
watch: $(TEMPL) $(ESBUILD) ## Rebuild, restart and reload the browser whenever a file changes
	@RUNTARGETS='minify build' BUILDFLAGS='-tags watch' HOOKWALL_ADDR=$(WATCH_ADDR) HOOKWALL_PUBLIC_URL=http://127.0.0.1:$(WATCH_PORT) $(TEMPL) generate \
		-watch -watch-pattern '\.(go|templ|css|js|svg|html|tmpl|yaml)$$' \
		-ignore-pattern '_(test|templ)\.go$$|/(\.[^/]+|bin|deploy|docs|e2e|minified|out|testdata|tools)/' \
		-proxy http://$(WATCH_ADDR) -proxyport $(WATCH_PORT) -open-browser=$(OPEN) -log-level warn -cmd tools/run.sh

.PHONY: build
build: ## Build bin/hookwall
	@$(GO) build $(BUILDFLAGS) -buildvcs=false -ldflags '$(LDFLAGS)' -o '$(BINARY)' .

.PHONY: test
test: check-generated vet browser ## Run all tests, those in a real browser too
	@rm -rf e2e/artifacts
	@$(GO) -C tools test $(VETTED) ./...
	@$(GO) test $(VETTED) -timeout 20m $(TESTFLAGS) ./...

.PHONY: check
check: lint ## Run the linters and every test that needs neither browser nor Postgres
	@$(GO) -C tools test $(VETTED) ./...
	@$(GO) test $(VETTED) -short $(TESTFLAGS) ./...

.PHONY: e2e
e2e: browser ## Run the browser tests alone
	@rm -rf e2e/artifacts
	@$(GO) test -count=1 -timeout 20m $(TESTFLAGS) ./e2e/...

.PHONY: test-postgres
test-postgres: browser ## Run the tests of the store, the jobs, the domain, the pages and the replicas on Postgres: a private one, or that of HOOKWALL_TEST_POSTGRES
	@tools/with-postgres.sh $(GO) test $(TESTFLAGS) -skip '^TestVisitsOfKilledReplicas$$' ./internal/store/... ./internal/jobs \
		./internal/fleet ./internal/webhooks ./handlers ./e2e/process ./e2e/replicas
	@tools/with-postgres.sh $(GO) test $(TESTFLAGS) -run '^(TestRotateKey|TestDoctorOfTheDatabase)$$/^Postgres$$' .

# The part that "make bench" runs, such as Pages; all unless told.
BENCH ?=

# How long "make replicas" creates webhooks.
LOADTIME ?= 30s

.PHONY: replicas
replicas: ## Kill one of two replicas again and again, for LOADTIME while webhooks are created, shops are visited and a plan is applied
	@tools/with-postgres.sh $(GO) test -count=1 -v -timeout 20m \
		-run '^(TestReplicasUnderLoad|TestVisitsOfKilledReplicas|TestRunOfKilledReplicas)$$' ./e2e/replicas \
		-args -load=$(LOADTIME) -people=8 -patient -planned=200

# How many shops "make fleet-load" and "make fleet-kill" visit.
FLEET ?= 1000
# How many tokens "make fleet-kill" renews.
RENEWALS ?= 10000

.PHONY: fleet-load
fleet-load: ## Visit a fleet of FLEET shops on SQLite and Postgres, apply a plan to it, and print how long that takes, and what an idle fleet costs
	@tools/with-postgres.sh $(GO) test -timeout 60m -run '^$$' -bench 'Fleet$$' -benchtime 1x ./e2e/replicas \
		-args -shops=$(FLEET)

.PHONY: fleet-kill
fleet-kill: ## Visit FLEET shops by two replicas, one of which is killed again and again, until RENEWALS tokens are renewed, and apply a plan to them
	@tools/with-postgres.sh $(GO) test -count=1 -v -timeout 2h -run '^(TestVisitsOfKilledReplicas|TestRunOfKilledReplicas)$$' \
		./e2e/replicas -args -shops=$(FLEET) -renewals=$(RENEWALS) -planned=$(FLEET)

# How many people "make load" has, and for how long.
PEOPLE ?= 200
load: LOADTIME = 60s

.PHONY: load
load: ## Have PEOPLE people use one dashboard on SQLite and two on Postgres for LOADTIME, and print how long responses take
	@tools/with-postgres.sh $(GO) test -timeout 60m -run '^$$' -bench '^BenchmarkPeople$$' -benchtime 1x ./e2e/replicas \
		-args -load=$(LOADTIME) -people=$(PEOPLE)

.PHONY: faults
faults: browser ## Break Fourthwall, the way there, the database and the program in many ways, and print what people get
	@GO='$(GO)' TESTFLAGS='$(TESTFLAGS)' tools/with-postgres.sh tools/faults.sh

.PHONY: test-deploy
test-deploy: ## Run the image as far as that goes without Docker, replicas behind nginx, and the alert rules in Prometheus; needs Linux, nginx, Prometheus and Postgres
	@HOOKWALL_TEST_DEPLOY=1 tools/with-postgres.sh $(GO) test $(TESTFLAGS) ./deploy

# Browser tests in which people, tabs or background work meet. The others repeat
# what the tests of the handlers do.
RACE_E2E ?= AtOnce|Double|Tabs|Follow|Fleet|Plan|Template|Roles|Journey|Checks|Survive|Twice

.PHONY: race
race: browser ## Run the tests with the race detector, of the browser those where things meet; needs a C compiler
	@CGO_ENABLED=1 $(GO) test -race -count=1 -p 1 -timeout 30m $(TESTFLAGS) \
		$$($(GO) list ./... | grep -vE '/e2e(/process|/replicas|/terminal)?$$')
	@CGO_ENABLED=1 $(GO) test -race -count=1 -timeout 30m -run '$(RACE_E2E)' $(TESTFLAGS) ./e2e

# The pages that "make lighthouse" looks at: words of their names; all unless told.
PAGES ?=

.PHONY: lighthouse
lighthouse: build browser ## Run Lighthouse over every page and print a table
	@tools/lighthouse.sh bin/hookwall $(PAGES)

.PHONY: screenshots
screenshots: browser ## Draw pictures of every page into out/screenshots
	@$(GO) test -count=1 -timeout 30m -run '^TestScreenshots$$' ./e2e -args -screenshots=$(CURDIR)/out/screenshots
	@echo "open out/screenshots/index.html"

# How long each fuzz target runs.
FUZZTIME ?= 30s

.PHONY: fuzz
fuzz: ## Run properties with new random values, and each fuzz target for FUZZTIME, 30 s unless told
	@tools/fuzz.sh $(FUZZTIME)

.PHONY: lint
lint: check-modules check-dependencies check-generated vet check-scripts check-vulnerabilities $(TOOLS)/golangci-lint ## Check style, modules, licenses, scripts and known vulnerabilities
	@tools/lint-templ.sh $(TEMPL)
	@$(TOOLS)/golangci-lint run ./...
	@cd tools && $(CURDIR)/$(TOOLS)/golangci-lint run ./...

.PHONY: release
release: ## Build archives for all systems, with bills of materials and sums, into out/release
	@$(SUPPLY) release -version '$(VERSION)' -targets '$(TARGETS)' -out $(CURDIR)/out/release $(CURDIR)
	@cat out/release/SHA256SUMS

.PHONY: bench
bench: ## Compare what pages, creates and the start cost with what they could, and print a table; BENCH=Pages for a part
	@GO='$(GO)' TESTFLAGS='$(TESTFLAGS)' BENCH='$(BENCH)' tools/with-postgres.sh tools/bench.sh

# Where "make licenses" writes.
LICENSES ?= out/licenses.txt

.PHONY: licenses
licenses: ## Write the license texts of everything linked into out/licenses.txt
	@mkdir -p '$(dir $(LICENSES))'
	@$(SUPPLY) notices -targets '$(TARGETS)' $(CURDIR) >'$(LICENSES)'

.PHONY: check-reproducible
check-reproducible: ## Build twice, in two places and from nothing, and compare the bytes
	@tools/check-reproducible.sh '$(VERSION)'

.PHONY: generate
generate: $(TEMPL) minify ## Generate Go code from the templates, and minify style sheets and scripts
	@$(TEMPL) generate -log-level warn

.PHONY: fmt
fmt: $(TEMPL) $(TOOLS)/gofumpt ## Format Go code and templates
	@$(TEMPL) fmt -log-level warn .
	@$(TOOLS)/gofumpt -w .

.PHONY: clean
clean: ## Delete what was built, the tools too
	@rm -rf bin out .tools .e2e e2e/artifacts

# Parts of the targets above.

.PHONY: minify
minify: $(ESBUILD)
	@tools/minify.sh $(ESBUILD) static/minified

.PHONY: vet
vet:
	@$(GO) vet ./...
	@$(GO) -C tools vet ./...

.PHONY: browser
browser:
	@sh e2e/setup.sh

.PHONY: check-generated
check-generated: $(TEMPL) $(ESBUILD)
	@tools/check-generated.sh $(TEMPL) $(ESBUILD)

.PHONY: check-modules
check-modules:
	@tools/check-modules.sh

.PHONY: check-dependencies
check-dependencies:
	@$(SUPPLY) check -targets '$(TARGETS)' $(CURDIR)

.PHONY: check-scripts
check-scripts:
	@if command -v shellcheck >/dev/null; then shellcheck .ci/run e2e/*.sh tools/*.sh; \
	else echo "shellcheck is not installed: scripts not checked"; fi

.PHONY: check-vulnerabilities
check-vulnerabilities: $(TOOLS)/govulncheck
	@tools/check-vulnerabilities.sh $(TOOLS)/govulncheck

.PHONY: tools
tools: $(addprefix $(TOOLS)/,benchstat esbuild gofumpt golangci-lint govulncheck templ)

$(TOOLS)/benchstat: PACKAGE = golang.org/x/perf/cmd/benchstat
$(TOOLS)/esbuild: PACKAGE = github.com/evanw/esbuild/cmd/esbuild
$(TOOLS)/golangci-lint: PACKAGE = github.com/golangci/golangci-lint/v2/cmd/golangci-lint
$(TOOLS)/govulncheck: PACKAGE = golang.org/x/vuln/cmd/govulncheck
$(TOOLS)/gofumpt: PACKAGE = mvdan.cc/gofumpt
$(TOOLS)/templ: PACKAGE = github.com/a-h/templ/cmd/templ

$(TOOLS)/%:
	@echo "building $* (once)"
	@$(GO) -C tools build -o $(CURDIR)/$@ $(PACKAGE)
