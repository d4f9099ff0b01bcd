#!/bin/sh
# Rebuild the built-in model in three steps: a teacher with 8 bits, its ternary student, the student's mention tagger.
#
#     scripts/build_builtin.sh [FOLDER]
#
# FOLDER (default: zslre/assets/model) is replaced at the very end. Some two hours on two cores with AMX. What is finished lies in
# build/builtin and is not done again; a step that was stopped goes on from its checkpoint. Each step prints the scores
# that go into config.json: look at them before you commit the model.
set -eu
cd "$(dirname "$0")/.."
work=build/builtin
model=${1:-zslre/assets/model}
[ -d $work/teacher ] || python scripts/train_builtin.py --work $work/training -o $work/teacher --resume
[ -d $work/student ] || python scripts/distill_builtin.py $work/teacher --work $work/distillation -o $work/student --resume
python scripts/train_tagger.py --work $work/tagger -m $work/student -o "$model"
