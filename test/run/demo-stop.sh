#!/usr/bin/env bash
# make demo-stop: ends the demo's cluster and removes it.
source "$(dirname "$0")/common.sh"

choose_cluster demo
stop_cluster
say "the demo's cluster is gone"
