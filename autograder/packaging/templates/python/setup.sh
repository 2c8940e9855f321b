#!/usr/bin/env bash
# Prepares a grading image: a Python with the packages that were in use at the release, and a sandbox.
# Gradescope and `otter grade` run it, when they build the image. (Otter's environment.yml beside it is not used.)
#
# PYTHON=/usr/bin/python3.12 makes it use that interpreter as it is, and not a virtual environment of its own.
#
# What grading needs: Linux on x86-64 or ARM, 1 core and 1.5 GB of memory. Gradescope's smallest container
# (half a core, 0.75 GB) is too small for PyTorch in two processes: choose the next one in the settings.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd) # /autograder; this file is in its source/

is_root() { [ "$(id -u)" = 0 ]; }
is_new_enough() { "$1" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
find_python() {
	local name
	for name in python3.13 python3.12 python3.11 python3; do
		if is_new_enough "$name"; then
			command -v "$name"
			return
		fi
	done
	return 1
}

if is_root && command -v apt-get >/dev/null; then
	export DEBIAN_FRONTEND=noninteractive
	if ! command -v bwrap >/dev/null || { [ -z "${PYTHON:-}" ] && ! find_python >/dev/null; }; then
		apt-get update -qq
		apt-get install -y -qq --no-install-recommends bubblewrap ca-certificates python3 python3-venv >/dev/null
	fi
fi

if [ -n "${PYTHON:-}" ]; then
	python=$(command -v "$PYTHON")
else
	if ! base=$(find_python); then
		# The system's Python is too old: uv brings one.
		python3 -m venv "$root/uv"
		"$root/uv/bin/python" -m pip install --quiet uv
		UV_PYTHON_INSTALL_DIR=$root/pythons "$root/uv/bin/uv" python install --quiet 3.12
		base=$(UV_PYTHON_INSTALL_DIR=$root/pythons "$root/uv/bin/uv" python find 3.12)
	fi
	"$base" -m venv "$root/venv"
	python=$root/venv/bin/python
fi

cat >"$root/requirements.txt" <<'END'
{% for requirement in requirements %}{{ requirement }}
{% endfor %}END
"$python" -m pip install --quiet --requirement "$root/requirements.txt"
echo "$python" >"$root/python"

command -v bwrap >/dev/null || echo "bubblewrap is not here: student code will be confined by Landlock and seccomp."
echo "Ready. Grading needs 1 core and 1.5 GB of memory."
