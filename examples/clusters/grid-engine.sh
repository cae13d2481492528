#!/bin/bash
# qsub grid-engine.sh PLAN: a plan of 8 items. Grid Engine counts tasks from 1; saeval reads SGE_TASK_ID and its range.
#$ -cwd
#$ -t 1-8
#$ -l h_rt=04:00:00,h_vmem=16G
#$ -r y
saeval work "$1"
