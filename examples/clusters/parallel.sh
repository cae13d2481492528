#!/bin/bash
# parallel.sh PLAN: one worker on each host of hosts.txt, which share this folder. Each takes free items until none is left.
parallel --nonall --sshloginfile hosts.txt --workdir . saeval work "$1" && saeval merge "$1"
