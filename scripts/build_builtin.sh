#!/bin/sh
# Rebuild the built-in model: three rounds of training on the datasets, the mean of the third and four short ones that go
# on from it, its ternary student, two rounds on our own texts that go on from that, two runs each, a third from the mean
# of these four, a fourth, a fifth in which pronouns stand for names, from the mean of these four again two such rounds,
# from the mean of theirs seven more with more of Re-DocRED's sentences, each from the round before, the ternary student
# of the mean of the last four runs, eleven rounds more that go on from that student (the float weights of the runs
# before were lost), the last five with sentences in which a name becomes that of an owner, the last three with more
# relations told, the ternary student of the mean of the last four of these runs, one round more that goes on from it (the
# weights were lost again), the ternary student of the mean of its two runs and what they began with, the tagger, and the
# network that weighs the pairs of a sentence against each other.
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
# 27 to 30 before contrasts/widest_{wrong,wrote,wrought,wry}.txt and data/labelled's 897 before 2,855 others, 31 and
# 32 before those 2,855 and contrasts/widest_{y,z}*.txt, 33 and 34 before 2,556 of these and contrasts/widest_z*.txt, 35
# to 38 before contrasts/widest_z{ip,one,oo,oom,ori,ulu,unk}.txt, 39 and 40 before the last 1,950 of data/labelled and
# contrasts/widest_z{upa,uri,uzu,wan,wart,yme,yzz,zap,zig}.txt, 33 to 42 before contrasts/widest_zz{z,zz}.txt, 33 to 48
# before contrasts/widest_zzzzz.txt and relations/{wider,most}_*.txt, 49 and 50 before relations/most_*.txt, 33 to
# 52 before relations/yet_*.txt and contrasts/widest_zzzzzz.txt, 33 to 54 before relations/more_*.txt and
# contrasts/widest_zzzzzzz*.txt, 55 before the last six of these, 56 before the last four, student, tagger and network
# before the last three, the network before unseen/{anew,newly}_*.txt. Up to 48 the relations told were drawn among ten
# phrases, one a step on the average.
# FOLDER (default: zslre/assets/model) is replaced at the very end. Some twenty hours on two cores. What is finished lies
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
# Two runs from the same start, NUMBER SEED START: sentences are joined in the second.
both() {
    number=$1 seed=$2 start=$3
    shift 3
    branch "$number" --start $start --seed "$seed" "$@"
    branch $((number + 1)) --start $start --seed $((seed + 1)) --join-rate 0.15 "$@"
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
both 5 12 $work/mean-ternary --max-pairs 16 --complete 4 --texts 24 --told 1 --contrasts 3 --steps 400
both 7 14 "$work/branch-5 $work/branch-6" --max-pairs 16 --complete 4 --texts 24 --told 1 --contrasts 3 --steps 150
mean mean-texts --start $work/branch-5 $work/branch-6 $work/branch-7 $work/branch-8 --contrasts 3
both 9 16 $work/mean-texts --max-pairs 16 --complete 4 --texts 24 --told 1 --contrasts 3 --steps 200
mean mean-wider --start $work/branch-9 $work/branch-10 --contrasts 3
both 11 18 $work/mean-wider --max-pairs 16 --texts 24 --told 1 --contrasts 3 --steps 200
pronouns="--pronoun-rate 0.25 --max-pairs 16 --texts 24 --told 1 --contrasts 3 --steps 240"
both 13 20 "$work/branch-11 $work/branch-12" $pronouns
mean mean-four --start $work/branch-11 $work/branch-12 $work/branch-13 $work/branch-14 --contrasts 3
both 15 22 $work/mean-four $pronouns
both 17 24 "$work/branch-15 $work/branch-16" $pronouns
mean mean-next --start $work/branch-15 $work/branch-16 $work/branch-17 $work/branch-18 --contrasts 3
both 19 26 $work/mean-next --complete 12 $pronouns
both 21 28 "$work/branch-19 $work/branch-20" --complete 12 $pronouns
both 23 30 "$work/branch-21 $work/branch-22" --complete 12 $pronouns
both 25 32 "$work/branch-23 $work/branch-24" --complete 12 $pronouns
longer="$pronouns --complete 12 --texts 36 --steps 264"
both 27 34 "$work/branch-25 $work/branch-26" $longer
both 29 36 "$work/branch-27 $work/branch-28" $longer
both 31 38 "$work/branch-29 $work/branch-30" $longer
mean mean-both --start $work/branch-29 $work/branch-30 $work/branch-31 $work/branch-32 --contrasts 3
ternary mean-both
both 33 40 $work/mean-both-ternary $longer
both 35 42 "$work/branch-33 $work/branch-34" $longer
both 37 44 "$work/branch-35 $work/branch-36" $longer
both 39 46 "$work/branch-37 $work/branch-38" $longer
longest="$longer --steps 330"
both 41 48 "$work/branch-39 $work/branch-40" $longest
both 43 50 "$work/branch-41 $work/branch-42" $longest
both 45 52 "$work/branch-43 $work/branch-44" $longest --owner-rate 0.2
both 47 54 "$work/branch-45 $work/branch-46" $longest --owner-rate 0.35
both 49 56 "$work/branch-45 $work/branch-46 $work/branch-47 $work/branch-48" $longest --owner-rate 0.35 --told 16
both 51 58 "$work/branch-49 $work/branch-50" $longest --owner-rate 0.35 --told 24 --steps 300
newest="--max-pairs 16 --texts 36 --told 24 --contrasts 4 --complete 14 --owner-rate 0.35 --steps 330"
four="$work/branch-49 $work/branch-50 $work/branch-51 $work/branch-52"
branch 53 --start $four --seed 60 --pronoun-rate 0.35 $newest
branch 54 --start $four --seed 61 --pronoun-rate 0.3 --join-rate 0.15 $newest
mean mean-51-54 --start $work/branch-51 $work/branch-52 $work/branch-53 $work/branch-54 --contrasts 4
ternary mean-51-54
again=$work/mean-51-54-ternary
branch 55 --start $again --seed 62 --pronoun-rate 0.35 $newest
branch 56 --start $again --seed 63 --pronoun-rate 0.3 --join-rate 0.15 $newest
mean mean-54-56 --start $again $work/branch-55 $work/branch-56 --contrasts 4
ternary mean-54-56
[ -d $work/tagged ] || python scripts/train_tagger.py --work $work/tagger -m $work/mean-54-56-ternary -o $work/tagged --threads 2 --epochs 8
python scripts/fit_context.py -m $work/tagged -o "$model"
