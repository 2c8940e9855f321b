#!/usr/bin/env bash
# `otter grade` with our package, in containers, beside `autograder grade`: both must give the same scores.
#
#     benchmarks/otter_grade.sh [ASSIGNMENT]      # as root, on Debian or Ubuntu; cnn by default
#
# Where there is no Docker, podman takes its place, and where no image can be pulled, debootstrap makes one from the
# packages of this system. Our Python packages are copied into that image, so that its set-up needs no index.
# Everything is kept under out/containers/, and the second run is quick.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
assignment=${1:-cnn}
venv=$PWD/.venv
work=$PWD/out/containers
base=localhost/autograder-base
submissions=(
	right/reference.py right/log_softmax_nll.ipynb wrong/q1_padding_once.ipynb wrong/q4_last_batch_accuracy.py
	wrong/q3_softmax_before_cross_entropy.py hostile/endless_q1.py hostile/exit_in_q1.py broken/not_json.ipynb
)
mkdir -p "$work/bin" "$work/in"

missing=()
for tool in podman runc debootstrap; do command -v "$tool" >/dev/null || missing+=("$tool"); done
if [ "${#missing[@]}" -gt 0 ]; then
	apt-get update -qq
	apt-get install -y -qq "${missing[@]}" >/dev/null
fi

# What Otter asks of Docker beyond what podman answers.
cat >"$work/bin/docker" <<'END'
#!/usr/bin/env bash
case "$1 ${2:-}" in
"buildx inspect") echo 'Name: default' ;;
"buildx ls") echo '{"Name": "default", "Driver": "docker"}' ;;
"buildx build")
	shift 2
	arguments=()
	for argument in "$@"; do [ "$argument" = --load ] || arguments+=("$argument"); done
	exec podman build "${arguments[@]}"
	;;
*) exec podman "$@" ;;
esac
END
chmod +x "$work/bin/docker"
# The limits that podman sets otherwise are above those of a machine that is a container itself.
cat >"$work/containers.conf" <<'END'
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
[containers]
netns = "host"
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
END
export CONTAINERS_CONF=$work/containers.conf PATH=$work/bin:$PATH OMP_NUM_THREADS=1

if ! podman image exists "$base"; then
	echo "Making a base image with debootstrap"
	# shellcheck disable=SC2016  # apt's own variable
	mirror=$(apt-get indextargets --format '$(SITE)' | head -1)
	# shellcheck source=/dev/null
	release=$(. /etc/os-release && echo "$VERSION_CODENAME")
	root=$work/root
	rm -rf "$root"
	debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv,bubblewrap,curl,unzip,dos2unix,wget \
		"$release" "$root" "$mirror" >"$work/debootstrap.log"
	rm -rf "$root/etc/apt"
	cp -a /etc/apt "$root/etc/apt"
	chroot "$root" python3 -m venv /opt/venv
	packages=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
	cp -a "$packages/." "$root/opt/venv/lib/$(basename "$(dirname "$packages")")/site-packages/"
	rm -f "$root"/opt/venv/lib/python3*/site-packages/*torch_autograder*.pth # this checkout, which is not there
	tar -C "$root" -c . | podman import --change 'ENV PYTHON=/opt/venv/bin/python' - "$base" >/dev/null
	rm -rf "$root"
fi

package=solutions/$assignment/autograder.zip
"$venv/bin/autograder" assign "$assignment"
rm -rf "$work/in" "$work/out" && mkdir -p "$work/in" "$work/out"
"$venv/bin/python" -m autograder.quality.declared "$assignment" "$work/declared" "${submissions[@]}"
for submission in "${submissions[@]}"; do
	source=$work/declared/$submission
	name=$work/in/$(basename "${submission%.*}").ipynb # Otter takes files of one kind at a time
	if [ "${submission##*.}" = py ]; then
		"$venv/bin/jupytext" --quiet --to ipynb --output "$name" "$source"
	else
		cp "$source" "$name"
	fi
done

echo "otter grade"
"$venv/bin/otter" grade -n "$assignment" -a "$package" --image "$base" -o "$work/out" --timeout 900 --containers 2 "$work/in"
echo "autograder grade"
"$venv/bin/autograder" grade "$package" "$work/in" -o "$work/out/ours"

"$venv/bin/python" - "$work/out/final_grades.csv" "$work/out/ours/scores.csv" "benchmarks/results/otter_grade.md" <<'END'
import csv, sys
from pathlib import Path

def read(path, key):
    with open(path, newline="") as file:
        return {row[key]: row for row in csv.DictReader(file)}

theirs, ours = read(sys.argv[1], "file"), read(sys.argv[2], "submission")
checks = [name for name in next(iter(ours.values())) if "." in name]
differing = [n for n in ours if any(float(theirs[n][c]) != float(ours[n][c]) for c in checks)]
lines = ["# `otter grade` in containers, beside `autograder grade`", "",
         f"The same package, the same {len(ours)} submissions; checks that differ: {len(differing)}.", "",
         "| submission | `otter grade` | `autograder grade` | status |", "|---|--:|--:|---|"]
for name, row in ours.items():
    lines.append(f"| {name} | {float(theirs[name]['total_points_earned']):g} | {row['score']} | {row['status']} |")
text = "\n".join(lines) + "\n"
Path(sys.argv[3]).write_text(text)
print(text)
sys.exit(bool(differing))
END
