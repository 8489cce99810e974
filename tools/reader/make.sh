#!/bin/sh
# Trains the reader that ships and writes it to bot/reader_model: two runs of 47 to 71 minutes each
# and the average of their weights, then a third run from there with the news of our own telling, and
# a fourth with more of it. The third was made before the stories of the fourth were written; made
# again it sees them too.
# Stop it at any time; called again, it goes on.
set -eu
cd "$(dirname "$0")"
export PYTHONPATH=../.. HF_HUB_OFFLINE=1
data=${DATA:-../../../shared/eval}
runs=${RUNS:-runs}
second="--order 1 --wide 0.25 --dropout 0.15 --made 0.2 --wrong 0.35 --news-times 0"
third="--order 3 --wide 0.25 --made 0.2 --wrong 0.35 --news-times 1 --others 0.25 --epochs 3 --learning-rate 1.5e-4 --even 1"
fourth="--order 4 --wide 0.25 --made 0.2 --wrong 0.5 --news-times 1 --others 0.2 --epochs 2 --learning-rate 1.2e-4 --even 1"
python train_reader.py train --data "$data" --work "$runs/first" --news-times 0
# shellcheck disable=SC2086 # the recipe is several words
python train_reader.py train --data "$data" --work "$runs/second" $second
# shellcheck disable=SC2086
python train_reader.py export --data "$data" --work "$runs/second" $second --blend "$runs/first" --out "$runs/base"
# shellcheck disable=SC2086
python train_reader.py train --data "$data" --work "$runs/third" --begin "$runs/base" $third --threads 1
# shellcheck disable=SC2086
python train_reader.py export --data "$data" --work "$runs/third" --begin "$runs/base" $third --out "$runs/third_out"
# shellcheck disable=SC2086
python train_reader.py train --data "$data" --work "$runs/fourth" --begin "$runs/third_out" $fourth --threads 1
# shellcheck disable=SC2086
python train_reader.py export --data "$data" --work "$runs/fourth" --begin "$runs/third_out" $fourth --out ../../bot/reader_model
