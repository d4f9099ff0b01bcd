#!/bin/sh
# Rebuild the built-in model: three rounds of training, the mean of the third and four short ones that go on from it,
# its distillation to ternary weights, and the mention tagger.
#
#     scripts/build_builtin.sh [FOLDER]
#
# FOLDER (default: zslre/assets/model) is replaced at the very end. Some six hours on two cores. What is finished lies
# in build/builtin and is not done again; a step that was stopped goes on from its checkpoint. Each step prints the
# scores that go into config.json: look at them before you commit the model. `scripts/distill_builtin.py` makes a
# ternary model of any round's.
set -eu
cd "$(dirname "$0")/.."
work=build/builtin
model=${1:-zslre/assets/model}
train="python scripts/train_builtin.py --resume"
[ -d $work/first ] || $train --steps 1100 --work $work/first-training -o $work/first
[ -d $work/second ] || $train --start $work/first --steps 1050 --seed 1 --work $work/second-training -o $work/second
[ -d $work/third ] || $train --start $work/second --steps 780 --seed 2 --work $work/third-training -o $work/third
branch() {
    name=$work/branch-$1
    shift
    [ -d "$name" ] || $train "$@" --steps 200 --work "$name-training" -o "$name" --float
}
branch 1 --start $work/third --seed 3 --max-pairs 32
branch 2 --start $work/third --seed 3 --max-pairs 32 --join-rate 0.3
branch 3 --start $work/second $work/third --seed 4 --max-pairs 16 --join-rate 0.15
branch 4 --start $work/second $work/third --seed 5 --max-pairs 16 --join-rate 0.15
[ -d $work/mean ] || python scripts/train_builtin.py --start $work/third $work/branch-? --steps 0 -o $work/mean --float
[ -d $work/ternary ] || python scripts/distill_builtin.py $work/mean --resume --work $work/ternary-training -o $work/ternary
python scripts/train_tagger.py --work $work/tagger -m $work/ternary -o "$model" --threads 2
