#!/bin/sh
# Trains the reader that ships and writes it to bot/reader_model: two runs of 47 to 71 minutes
# each, and the average of their weights. Stop it at any time; called again, it goes on.
set -eu
cd "$(dirname "$0")"
export PYTHONPATH=../.. HF_HUB_OFFLINE=1
data=${DATA:-../../../shared/eval}
runs=${RUNS:-runs}
second="--order 1 --wide 0.25 --dropout 0.15 --made 0.2 --wrong 0.35"
python train_reader.py train --data "$data" --work "$runs/first"
# shellcheck disable=SC2086 # the recipe is several words
python train_reader.py train --data "$data" --work "$runs/second" $second
# shellcheck disable=SC2086
python train_reader.py export --data "$data" --work "$runs/second" $second --blend "$runs/first" --out ../../bot/reader_model
