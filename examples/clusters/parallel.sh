#!/bin/bash
# parallel.sh PLAN: one worker on each host of hosts.txt, which share this folder. Each takes free items until all are done, those of a dead host too; the merge says
# what is missing, if anything is.
parallel -q --nonall --sshloginfile hosts.txt --workdir . saeval work "$1"
saeval merge "$1"
