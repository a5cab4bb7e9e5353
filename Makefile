# make demo: from nothing to an answered call.  make test: everything that CI checks.  make help: all targets.
.PHONY: help demo demo-down test soak lint generate build

help: ## This list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: ## Build, bring up Kubernetes and AWS on this machine, install, apply the examples, call them
	@demo/up

demo-down: ## Stop what `make demo` started
	@demo/down

test: ## All tests, on a test bed of their own
	@tests/run

soak: ## What takes too long for every change: a walk of thousands of steps, all faults, quotas at their edge
	@tests/soak

lint: ## Format, clippy, generated files, chart
	@tests/lint

generate: build ## Write the CRD and everything else that is generated
	@tests/generate

build:
	@cargo build
