#!/bin/sh
# Trains the reader that ships and writes it to bot/reader_model: two runs of 47 to 71 minutes each
# and the average of their weights; from there a third run, a fourth and a fifth, one after the other,
# with the news of our own telling; and two last ones from the fifth, averaged again. The third and the
# fifth were made before the newest stories were written; made again they see them too.
# Stop it at any time; called again, it goes on.
set -eu
cd "$(dirname "$0")"
export PYTHONPATH=../.. HF_HUB_OFFLINE=1
data=${DATA:-../../../shared/eval}
runs=${RUNS:-runs}
second="--order 1 --wide 0.25 --dropout 0.15 --made 0.2 --wrong 0.35 --news-times 0"
third="--order 3 --wide 0.25 --made 0.2 --wrong 0.35 --news-times 1 --others 0.25 --epochs 3 --learning-rate 1.5e-4 --even 1"
later="--wide 0.25 --made 0.2 --wrong 0.5 --news-times 1 --learning-rate 1.2e-4 --even 1"
fourth="--order 4 $later --others 0.2 --epochs 2"
fifth="--order 5 $later --others 0.2 --epochs 1 --frozen-layers 0"
sixth="--order 6 $later --others 0.3 --epochs 1 --frozen-layers 0"
seventh="--order 7 $later --others 0.3 --epochs 1 --frozen-layers 0"

# train NAME BEGIN RECIPE…: a run from the weights that another one exported
train() {
    name=$1 begin=$2
    shift 2
    python train_reader.py train --data "$data" --work "$runs/$name" --begin "$runs/$begin" "$@" --threads 1
}
# export_to OUT NAME BEGIN RECIPE…: the folder with what a run made
export_to() {
    out=$1 name=$2 begin=$3
    shift 3
    python train_reader.py export --data "$data" --work "$runs/$name" --begin "$runs/$begin" "$@" --out "$out"
}

python train_reader.py train --data "$data" --work "$runs/first" --news-times 0
# shellcheck disable=SC2086 # the recipe is several words
python train_reader.py train --data "$data" --work "$runs/second" $second
# shellcheck disable=SC2086
python train_reader.py export --data "$data" --work "$runs/second" $second --blend "$runs/first" --out "$runs/base"
# shellcheck disable=SC2086
{
    train third base $third
    export_to "$runs/third_out" third base $third
    train fourth third_out $fourth
    export_to "$runs/fourth_out" fourth third_out $fourth
    train fifth fourth_out $fifth
    export_to "$runs/fifth_out" fifth fourth_out $fifth
    train sixth fifth_out $sixth
    train seventh fifth_out $seventh
    export_to ../../bot/reader_model sixth fifth_out $sixth --blend "$runs/seventh"
}
