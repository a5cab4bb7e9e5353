//! Tests through the real binary, a real API server and a real AWS emulator. `make test` brings both up; by hand:
//! `tests/testbed/bed up && eval "$(tests/testbed/bed env)" && cargo test --test it`.
//!
//! Every test has a namespace, an AWS account and a controller process of its own, so they run side by side.

mod answers;
mod api_keys;
mod api_server;
mod architecture;
mod arguments;
mod authorizers;
mod bad_input;
mod bad_manifests;
mod browser;
mod calls;
mod catalogue;
mod changes;
mod claims;
mod cli;
mod cors;
mod cuts;
mod deletion;
mod deployments;
mod domains;
mod drift;
mod endpoint;
mod environments;
mod everything;
mod examples;
mod gateway_errors;
mod helm;
mod hostile;
mod inputs;
mod kstatus;
mod leader;
mod logs;
mod modes;
mod observability;
mod operations;
mod outputs;
mod ownership;
mod permissions;
mod preflight;
mod quotas;
mod rbac;
mod references;
mod role;
mod samples;
mod settled;
mod stages;
mod successes;
mod trial;
mod usage_plans;
mod validation;
mod vtl;
mod warnings;
mod world;
