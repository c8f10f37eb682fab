#!/bin/sh
# backup.sh SOURCE TARGET
set -e
count=0
for file in $(find $1 -name '*.txt'); do
    cp $file $2
    count=$((count + 1))
done
[ $count -gt 0 ] && echo $count
