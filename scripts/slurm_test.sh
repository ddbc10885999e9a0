#!/usr/bin/env bash
# A sweep on a real Slurm: one node on the loopback interface, started here and taken down again.
#
#     scripts/slurm_test.sh [path to etastar]        # about three minutes; root on Debian installs Slurm
#
# A small sweep becomes a job array, in a folder whose name holds every character that Slurm or the
# shell gives a meaning to, from an environment that sets options of sbatch. The first launcher is killed
# as soon as Slurm has the job; the second one finds it. One task runs into its time limit, saves its
# state and goes back into the queue; one is cancelled half-way and submitted again; one is preempted in
# a partition that cancels jobs. What they leave must be, byte for byte, what the same sweep leaves on
# this machine without Slurm.
set -euo pipefail
cd "$(dirname "$0")/.."
repository=$PWD
etastar=$(realpath "${1:-target/release/etastar}")
test -x "$etastar" || { echo "build it first: cargo build --release" >&2; exit 2; }
etastar() { "$etastar" "$@"; }

say() { printf '%s  %s\n' "$(date +%T)" "$*"; }
fail() { say "FAILED: $*"; tail -n 30 "$work"/log/* "$work"/*/slurm/*/*.log 2>/dev/null || true; exit 1; }

# within SECONDS WHAT COMMAND…: until the command succeeds.
within() {
    local limit=$1 what=$2
    shift 2
    for ((i = 0; i < limit * 5; i++)); do
        if "$@" >/dev/null 2>&1; then return; fi
        sleep 0.2
    done
    fail "$what: not within $limit s"
}

# --- Slurm itself ---

if ! command -v slurmctld >/dev/null || ! command -v munged >/dev/null; then
    say "installing Debian's slurm-wlm and munge"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
        apt-get install -y -qq --no-install-recommends slurm-wlm munge >/dev/null
fi
PATH=$PATH:/usr/sbin

work=$(mktemp -d /tmp/slurm-test-XXXXXX)
chmod 755 "$work"
mkdir -m 700 "$work"/munge
mkdir "$work"/{state,spool,log}

end() {
    [ -s "$1" ] || return 0
    local pid
    pid=$(cat "$1")
    kill "$pid" 2>/dev/null || return 0
    for ((i = 0; i < 50; i++)); do kill -0 "$pid" 2>/dev/null || return 0; sleep 0.2; done
    kill -KILL "$pid" 2>/dev/null || true
}
take_down() {
    scancel --user="$(id -un)" 2>/dev/null || true
    for ((i = 0; i < 50; i++)); do [ -n "$(squeue -h 2>/dev/null)" ] || break; sleep 0.2; done
    end "$work"/slurmd.pid
    end "$work"/slurmctld.pid
    end "$work"/munge/pid
    rm -rf "$work"
}
trap take_down EXIT

port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
host=$(hostname -s)
cat > "$work"/slurm.conf <<CONF
ClusterName=loopback
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$(port)
SlurmdPort=$(port)
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
CredType=cred/munge
# A job that was put back waits as long as a credential lives, else two minutes.
AuthInfo=socket=$work/munge/socket,cred_expire=5
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/log/slurmctld
SlurmdLogFile=$work/log/slurmd
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
MpiDefault=none
SwitchType=switch/none
KillWait=10
SchedulerParameters=sched_interval=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
MaxArraySize=11
PreemptType=preempt/partition_prio
PreemptMode=CANCEL
PartitionName=main Nodes=$host Default=YES MaxTime=INFINITE State=UP PreemptMode=OFF
PartitionName=scavenger Nodes=$host MaxTime=INFINITE State=UP PriorityTier=1 PreemptMode=CANCEL
PartitionName=urgent Nodes=$host MaxTime=INFINITE State=UP PriorityTier=9 PreemptMode=OFF
CONF
export SLURM_CONF=$work/slurm.conf

head -c 1024 /dev/urandom > "$work"/munge/key
chmod 600 "$work"/munge/key
munged --force --key-file="$work"/munge/key --socket="$work"/munge/socket \
    --pid-file="$work"/munge/pid --log-file="$work"/log/munged --seed-file="$work"/munge/seed
slurmctld
slurmd
is_idle() { sinfo -h -o %T | grep -q idle; }
within 20 "the node is idle" is_idle
say "$(slurmctld -V) on $host: $(sinfo -h -o '%D node, %c CPUs, %T')"

# --- a sweep whose longest run takes 45 s here ---
# Slurm looks at time limits every 30 s, and sends the signal 30 s earlier than asked for rather than
# later: here 5 to 35 s after the start.

config() { # EPOCHS after convergence
    cat <<TOML
[data]
folder = "$repository/data/mnist"
samples_per_class = 16
[model]
hidden = [32]
init_factor = 2
[train]
learning_rate = 0.02
batch_size = 1
patience = $1
max_epochs = $((2 * $1))
warmup = { epochs = 20 }
[sweep]
batch_size = [1, 4, 8, 16]
[run]
engine = "tensor"
workers = 1
checkpoint_seconds = 1
[slurm]
time = 1
lead = 25
cpus = 1
TOML
}
config 300 > "$work"/pace.toml
# The fastest of three counts: a busy machine must not make the runs too short.
seconds=$(for try in 1 2 3; do
    etastar train "$work"/pace.toml --json --quiet --set "run.results=$work/pace$try" |
        python3 -c 'import json, sys; r = json.load(sys.stdin); print(r["train_seconds"] / r["epochs"])'
done | sort -g | head -n 1)
config "$(python3 -c "print(int(45 / $seconds))")" > "$work"/x.toml
results="$work/50%a #x 'q' \"d\" b\\s é"
sweep() { etastar sweep "$work"/x.toml --set "run.results=$(toml "$results")" "$@"; }
# A path as a string of TOML, which is one of JSON.
toml() { python3 -c 'import json, sys; print(json.dumps(sys.argv[1], ensure_ascii=False))' "$1"; }

say "the script that would be submitted"
sweep --launcher slurm --dry-run
test ! -e "$results" || fail "a dry run wrote something"

say "a sweep that Slurm refuses leaves nothing"
if sweep --launcher slurm --partition nowhere; then fail "a partition that does not exist"; fi
if sweep --launcher slurm --set sweep.batch_size=[1] --set 'sweep.seed=[1,2,3,4,5,6,7,8,9,10,11,12]' \
    2>"$work"/again; then fail "more tasks than MaxArraySize"; fi
grep -e '--chunk 2' "$work"/again || fail "the chunk is not named"
test ! -e "$results" || fail "a refused submission left a folder"

say "a launcher that is killed once Slurm has the job, with options of sbatch in the environment"
mkdir "$work"/bin
cat > "$work"/bin/sbatch <<SBATCH
#!/bin/bash
$(command -v sbatch) "\$@" >/dev/null
kill -KILL \$PPID
SBATCH
chmod 755 "$work"/bin/sbatch
(
    export SBATCH_TIMELIMIT=7 SBATCH_ARRAY_INX=5-9 SBATCH_OUTPUT=/dev/null SBATCH_SIGNAL=KILL@5
    export SBATCH_NO_REQUEUE=1 SBATCH_JOB_NAME=other SLURM_RESTART_COUNT=5 SLURM_NTASKS=9
    PATH=$work/bin:$PATH sweep --launcher slurm || true
)
test ! -e "$results/slurm/1/jobs.json" || fail "the launcher was not killed"
sweep --launcher slurm 2>&1 | tee "$work"/again | sed 's/^/    /'
grep -q 'was found in the queue' "$work"/again || fail "the job was not found"
grep -q '^0 runs left in 0 tasks, 4 queued or running$' "$work"/again || fail "runs were submitted twice"
array=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["array"])' "$results/slurm/1/jobs.json")
scontrol -o show job "$array" | grep -q 'TimeLimit=00:01:00' || fail "another time limit"
scontrol -o show job "$array" | grep -q 'Requeue=1' || fail "no requeue"

run_of() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[int(sys.argv[2])][0])' "$results/slurm/1/tasks.json" "$1"; }
has_state() { test -s "$results/runs/$1/checkpoint.safetensors"; }
within 40 "task 1 has saved its state" has_state "$(run_of 1)"
say "cancelling task ${array}_1 half-way"
scancel "${array}_1"
sleep 1
etastar status "$results"

is_requeued() { scontrol -o show job "${array}_0" | grep -qE 'Restarts=[1-9]'; }
within 60 "task 0 has met its time limit" is_requeued
say "task ${array}_0 met its time limit: it saved its state and went back into the queue"
squeue --array -o '%12i %10T %r' || true

# Locally meanwhile, as the measure of it all.
etastar sweep "$work"/x.toml --quiet --set "run.results=$work/local" &
local_sweep=$!

is_over() { test -z "$(squeue -h)"; }
within 150 "the first submission is over" is_over
say "the tasks and their ends"
scontrol -o show job "$array" | grep -oE '^JobId=[0-9]+|ArrayTaskId=\S+|JobState=\S+|Restarts=[0-9]+|ExitCode=\S+|RunTime=\S+' |
    paste -d' ' - - - - - - | sort -t= -k3
etastar status "$results" | tee "$work"/status
grep -q '3 of 4 runs done' "$work"/status || fail "not three runs are done"
grep -q "Slurm ended task ${array}_1: CANCELLED" "$work"/status || fail "the cancelled task is not named"

for log in 0 2 3; do
    test -s "$results/slurm/1/$log.log" || fail "task $log has no log in the results folder"
done
grep -q 'asks Slurm to go back into the queue' "$results/slurm/1/0.log" || fail "task 0 says nothing"

say "submitting what is left to a partition whose jobs are preempted"
sweep --launcher slurm --partition scavenger 2>&1 | tee "$work"/again
grep -q '^1 run left in 1 task, 3 finished$' "$work"/again || fail "not one run is left"
has_begun() { test -s "$results/slurm/2/0.log"; }
within 40 "the task has begun" has_begun
sbatch --parsable --partition=urgent --cpus-per-task="$(nproc)" --output=/dev/null --wrap 'sleep 3'
is_preempted() { grep -q 'was preempted; it asks Slurm' "$results/slurm/2/0.log"; }
within 40 "the task was preempted" is_preempted
say "it was preempted: it saved its state and went back into the queue"
within 150 "the second submission is over" is_over
etastar status "$results"
wait "$local_sweep" || fail "the local sweep"

python3 - "$results" "$work/local" <<'PYTHON'
import csv, pathlib, sys
slurm, local = map(pathlib.Path, sys.argv[1:])
aside = {"train_seconds", "analysis_seconds", "finished"}
def rows(folder):
    with open(folder / "summary.csv", newline="") as file:
        return [{k: v for k, v in row.items() if k not in aside} for row in csv.DictReader(file)]
assert len(rows(local)) == 4 and rows(slurm) == rows(local), (rows(slurm), rows(local))
for run in rows(local):
    for name in ["minimum.safetensors", "history.csv"]:
        files = [folder / "runs" / run["run_id"] / name for folder in (slurm, local)]
        assert files[0].read_bytes() == files[1].read_bytes(), files
    print(*(run[k] for k in ["run_id", "learning_rate", "batch_size", "stop_reason", "epochs", "generalized_sharpness"]))
PYTHON
test -s "$results"/figures/figure1a_sharpness.svg || fail "the last job drew no figure"
grep -h '' "$results"/slurm/*/gather.log | head -n 3
say "Slurm's results are the local sweep's, byte for byte"
