#!/usr/bin/env bash
# The demo as a scenario: its own last line is the count.
exec node examples/demo/demo.mjs
