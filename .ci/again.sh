# Sourced: tests on a machine that has other things to do.
#   tests PYTHON [ARGUMENT…]      python -m pytest ARGUMENT…
# What failed beside other tests is run once more by itself, and is named either way: such a test (or what it
# tests) leans on the clock and is to be mended. What fails by itself, too, has failed.
tests() {
  local seen status=0
  seen=$(mktemp -d)
  "$1" -m pytest -o cache_dir="$seen" "${@:2}" || status=$?
  if [ "$status" = 1 ]; then
    echo "== Once more, by themselves: the tests that failed"
    status=0
    "$1" -m pytest -o cache_dir="$seen" "${@:2}" -n 0 -v --last-failed --last-failed-no-failures none || status=$?
  fi
  rm -rf "$seen"
  return "$status"
}
