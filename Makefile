# Every command of the repository; `make` alone explains them.
#
# The targets need Go and, for the race detector, a C compiler. What else a
# target needs it installs by itself from Debian's packages, and only when it is
# absent. Tools run at a pinned version through `go run`, so that they never
# enter go.mod.

SHELL         := /bin/bash
.SHELLFLAGS   := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS     += --no-builtin-rules

GO      ?= go
BUILD   := $(CURDIR)/build
SCRIPTS := internal/scripts

GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

# axe-core, the accessibility checker of the browser test. The sum is the one of
# the package's archive: change both lines together.
export AXE_VERSION := 4.14.1
export AXE_SHA256  := e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745

# How long `make fuzz` spends on each target.
export FUZZTIME ?= 20s

# Where the recorded payloads of the providers lie; they are no part of the
# repository. A relative path counts from here.
REFERENCE := $(abspath $(or $(ALT_REFERENCE),../shared/reference))

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

.PHONY: help
help: ## explain the targets
	@awk 'BEGIN { FS = ":.*## "; print "usage: make TARGET\n" } \
		/^[a-z0-9-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: build
build: ## compile everything; the reference server lands in build/
	$(GO) build ./...
	mkdir -p $(BUILD)
	$(GO) build -trimpath -o $(BUILD)/liidestuja ./refserver

.PHONY: test
test: ## unit tests, conformance suites and examples
	@$(SCRIPTS)/postgres.sh
	$(GO) test -count=1 -timeout 10m ./...

.PHONY: race
race: ## the same under the race detector, long tests shortened
	@$(SCRIPTS)/postgres.sh
	CGO_ENABLED=1 $(GO) test -race -short -count=1 -timeout 15m ./...

.PHONY: lint
lint: ## static checks and formatting, see .golangci.yml
	$(GO) run $(GOLANGCI) run ./...

.PHONY: fmt
fmt: ## format the code the way `make lint` wants it
	$(GO) run $(GOLANGCI) fmt ./...

.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME (20s)
	@$(SCRIPTS)/fuzz.sh

.PHONY: crash
crash: ## kill the reference server again and again, count what is lost: nothing
	@$(SCRIPTS)/crash.sh

.PHONY: crash-cluster
crash-cluster: ## kill replicas, their database and its disk, count what is lost: nothing
	@$(SCRIPTS)/postgres.sh
	@$(SCRIPTS)/crash-cluster.sh

.PHONY: e2e
e2e: ## play the demo in a real browser; screenshots land in build/screenshots
	@$(SCRIPTS)/e2e.sh $(BUILD)

.PHONY: reference
reference: export ALT_REFERENCE := $(REFERENCE)
reference: ## replay the providers' recorded payloads (ALT_REFERENCE names the folder)
	@$(SCRIPTS)/reference.sh

.PHONY: consumer
consumer: ## build a program outside the tree and list the modules it links
	@$(SCRIPTS)/consumer.sh

.PHONY: bench
bench: ## measure, each number beside its floor
	@$(SCRIPTS)/postgres.sh
	$(GO) run ./internal/bench
	$(GO) test -run '^$$' -bench 'Verify|Link' -benchtime 2s ./eid/smartid

# How many messages the longer measurements store or send.
STORED ?= 5000000
DAY    ?= 821900

.PHONY: bench-growth
bench-growth: ## what STORED (5,000,000) messages cost; about 20 GB of disk meanwhile
	@$(SCRIPTS)/postgres.sh
	$(GO) run ./internal/bench -rows growth -stored $(STORED)

.PHONY: bench-replicas
bench-replicas: ## one, two and four replicas on one database
	@$(SCRIPTS)/postgres.sh
	$(GO) run ./internal/bench -rows replicas

.PHONY: bench-day
bench-day: ## DAY (821,900) messages end to end: time, database size, memory
	@$(SCRIPTS)/postgres.sh
	$(GO) run ./internal/bench -rows day -messages $(DAY)

.PHONY: sbom
sbom: ## write the bill of materials (CycloneDX) to build/sbom.cdx.json
	mkdir -p $(BUILD)
	$(GO) run ./$(SCRIPTS)/sbom -version $(VERSION) -o $(BUILD)/sbom.cdx.json

.PHONY: deploy-check
deploy-check: ## manifests, units, alerts and dashboard, by the tools that read them
	@refserver/deploy/check.sh $(BUILD)/deploy

.PHONY: docs-check
docs-check: ## the documents: links, commands and tests they name exist
	$(GO) test -count=1 -run '^TestDocuments' -v ./internal/rules

.PHONY: tidy-check
tidy-check: ## go.mod lists what the code needs, go.sum matches what was fetched
	$(GO) mod verify
	$(GO) test -count=1 -run '^TestRequirements$$' -v ./internal/rules
