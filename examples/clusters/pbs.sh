#!/bin/bash
# qsub -v PLAN=PLAN pbs.sh: a plan of 8 items. saeval reads PBS_ARRAY_INDEX.
#PBS -J 0-7
#PBS -l select=1:ncpus=8:mem=16gb
#PBS -l walltime=04:00:00
#PBS -r y
cd "$PBS_O_WORKDIR" && saeval work "$PLAN"
