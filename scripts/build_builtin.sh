#!/bin/sh
# Rebuild the built-in model: three rounds of training on the datasets, the mean of the third and four short ones that go
# on from it, its ternary student, two rounds on our own texts that go on from that, two runs each, a third from the mean
# of these four, a fourth, a fifth in which pronouns stand for names, from the mean of these four again two such rounds,
# from the mean of theirs seven more with more of Re-DocRED's sentences, each from the round before, the ternary student
# of the mean of the last four runs, four rounds more that go on from that student (the float weights of the runs before
# were lost), the ternary student of the mean of the last four of these, the tagger, and the network that weighs the pairs
# of a sentence against each other.
#
#     scripts/build_builtin.sh [FOLDER]
#
# Branches 5 and 6 were trained before contrasts/wider.txt was written, 7 and 8 before contrasts/wider_*.txt, 5 to 8
# before texts/wider_*.txt and contrasts/widest_*.txt, 9 and 10 before texts/wider_works.txt, 5 to 12 before documents/,
# 13 and 14 before documents/wider_{mixed,news,works}.txt and widest_*.txt, 15 and 16 before what was written after
# documents/widest_mixed.txt and contrasts/widest_order.txt, 17 and 18 before documents/wikilike_*.txt, 19 and 20 before
# what was written after documents/wikilike_{culture,people,places}.txt and contrasts/widest_whether.txt, 21 and 22
# before documents/written_{known,lists,science,weak,work}.txt and data/labelled, 23 to 26 before
# contrasts/widest_writ*.txt and all of data/labelled but its first 1,495 sentences, 27 and 28 before 150 of the rest,
# 27 to 30 before contrasts/widest_{wrong,wrote,wrought,wry}.txt and data/labelled's 897 before the last 2,855, 31 and
# 32 before those 2,855 and contrasts/widest_{y,z}*.txt, 33 and 34 before the last 2,556 and contrasts/widest_z*.txt, and
# 35 to 38 before contrasts/widest_z{ip,one,oo,oom,ori,ulu,unk}.txt.
# FOLDER (default: zslre/assets/model) is replaced at the very end. Some sixteen hours on two cores. What is finished lies
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
    [ -d "$name" ] || $train "$@" --work "$name-training" -o "$name" --float
}
mean() {
    name=$work/$1
    shift
    [ -d "$name" ] || python scripts/train_builtin.py "$@" --steps 0 -o "$name" --float
}
ternary() {
    name=$work/$1-ternary
    [ -d "$name" ] || python scripts/distill_builtin.py "$work/$1" --resume --work "$name-training" -o "$name"
}
branch 1 --start $work/third --seed 3 --max-pairs 32 --steps 200
branch 2 --start $work/third --seed 3 --max-pairs 32 --join-rate 0.3 --steps 200
branch 3 --start $work/second $work/third --seed 4 --max-pairs 16 --join-rate 0.15 --steps 200
branch 4 --start $work/second $work/third --seed 5 --max-pairs 16 --join-rate 0.15 --steps 200
mean mean --start $work/third $work/branch-1 $work/branch-2 $work/branch-3 $work/branch-4
ternary mean
branch 5 --start $work/mean-ternary --seed 12 --max-pairs 16 --complete 4 --texts 24 --contrasts 3 --steps 400
branch 6 --start $work/mean-ternary --seed 13 --max-pairs 16 --join-rate 0.15 --complete 4 --texts 24 --contrasts 3 --steps 400
branch 7 --start $work/branch-5 $work/branch-6 --seed 14 --max-pairs 16 --complete 4 --texts 24 --contrasts 3 --steps 150
branch 8 --start $work/branch-5 $work/branch-6 --seed 15 --max-pairs 16 --join-rate 0.15 --complete 4 --texts 24 --contrasts 3 --steps 150
mean mean-texts --start $work/branch-5 $work/branch-6 $work/branch-7 $work/branch-8 --contrasts 3
branch 9 --start $work/mean-texts --seed 16 --max-pairs 16 --complete 4 --texts 24 --contrasts 3 --steps 200
branch 10 --start $work/mean-texts --seed 17 --max-pairs 16 --join-rate 0.15 --complete 4 --texts 24 --contrasts 3 --steps 200
mean mean-wider --start $work/branch-9 $work/branch-10 --contrasts 3
branch 11 --start $work/mean-wider --seed 18 --max-pairs 16 --texts 24 --contrasts 3 --steps 200
branch 12 --start $work/mean-wider --seed 19 --max-pairs 16 --join-rate 0.15 --texts 24 --contrasts 3 --steps 200
pronouns="--pronoun-rate 0.25 --max-pairs 16 --texts 24 --contrasts 3 --steps 240"
branch 13 --start $work/branch-11 $work/branch-12 --seed 20 $pronouns
branch 14 --start $work/branch-11 $work/branch-12 --seed 21 --join-rate 0.15 $pronouns
mean mean-four --start $work/branch-11 $work/branch-12 $work/branch-13 $work/branch-14 --contrasts 3
branch 15 --start $work/mean-four --seed 22 $pronouns
branch 16 --start $work/mean-four --seed 23 --join-rate 0.15 $pronouns
branch 17 --start $work/branch-15 $work/branch-16 --seed 24 $pronouns
branch 18 --start $work/branch-15 $work/branch-16 --seed 25 --join-rate 0.15 $pronouns
mean mean-next --start $work/branch-15 $work/branch-16 $work/branch-17 $work/branch-18 --contrasts 3
branch 19 --start $work/mean-next --seed 26 --complete 12 $pronouns
branch 20 --start $work/mean-next --seed 27 --complete 12 --join-rate 0.15 $pronouns
branch 21 --start $work/branch-19 $work/branch-20 --seed 28 --complete 12 $pronouns
branch 22 --start $work/branch-19 $work/branch-20 --seed 29 --complete 12 --join-rate 0.15 $pronouns
branch 23 --start $work/branch-21 $work/branch-22 --seed 30 --complete 12 $pronouns
branch 24 --start $work/branch-21 $work/branch-22 --seed 31 --complete 12 --join-rate 0.15 $pronouns
branch 25 --start $work/branch-23 $work/branch-24 --seed 32 --complete 12 $pronouns
branch 26 --start $work/branch-23 $work/branch-24 --seed 33 --complete 12 --join-rate 0.15 $pronouns
longer="$pronouns --complete 12 --texts 36 --steps 264"
branch 27 --start $work/branch-25 $work/branch-26 --seed 34 $longer
branch 28 --start $work/branch-25 $work/branch-26 --seed 35 --join-rate 0.15 $longer
branch 29 --start $work/branch-27 $work/branch-28 --seed 36 $longer
branch 30 --start $work/branch-27 $work/branch-28 --seed 37 --join-rate 0.15 $longer
branch 31 --start $work/branch-29 $work/branch-30 --seed 38 $longer
branch 32 --start $work/branch-29 $work/branch-30 --seed 39 --join-rate 0.15 $longer
mean mean-both --start $work/branch-29 $work/branch-30 $work/branch-31 $work/branch-32 --contrasts 3
ternary mean-both
branch 33 --start $work/mean-both-ternary --seed 40 $longer
branch 34 --start $work/mean-both-ternary --seed 41 --join-rate 0.15 $longer
branch 35 --start $work/branch-33 $work/branch-34 --seed 42 $longer
branch 36 --start $work/branch-33 $work/branch-34 --seed 43 --join-rate 0.15 $longer
branch 37 --start $work/branch-35 $work/branch-36 --seed 44 $longer
branch 38 --start $work/branch-35 $work/branch-36 --seed 45 --join-rate 0.15 $longer
branch 39 --start $work/branch-37 $work/branch-38 --seed 46 $longer
branch 40 --start $work/branch-37 $work/branch-38 --seed 47 --join-rate 0.15 $longer
mean mean-four-last --start $work/branch-37 $work/branch-38 $work/branch-39 $work/branch-40 --contrasts 3
ternary mean-four-last
[ -d $work/tagged ] || python scripts/train_tagger.py --work $work/tagger -m $work/mean-four-last-ternary -o $work/tagged --threads 1 --epochs 8
python scripts/fit_context.py -m $work/tagged -o "$model"
