#!/bin/sh
# verify.sh: a second opinion on a WorkDiary evidence bundle, with a shell, openssl 3, grep, sed and awk only.
# Get it from the project's release, never from a bundle or from whoever sent you one.
#
#   sh verify.sh [--tsa CA.pem] [--log KEY] BUNDLE.zip|FOLDER
#
# FOLDER is an unpacked bundle (a zip is unpacked into a temporary folder if `unzip` is there).
# --tsa: certificates of the time stamping authorities you trust; time stamps are checked against them.
# --log: the log's public key, a PEM file or the 43 characters of "key" in a trust file; notes are checked with it.
# Exit codes: 0 everything BASIC checks holds, 1 something is absent or not sealed, 2 something is broken,
# 64 usage, 66 unreadable. It says at its end what it does not check; `workdiary verify` checks all of it.

set -u
LC_ALL=C
export LC_ALL
umask 077

CLAIM='It proves what was recorded, by which key, in which window of time, and that nothing has been changed
or left out since. It does not prove that work was done.'

usage() {
    echo "usage: sh verify.sh [--tsa CA.pem] [--log KEY] BUNDLE.zip|FOLDER" >&2
    exit 64
}

die() {
    echo "verify.sh: $1" >&2
    exit 66
}

worst=0

ok() { echo "ok      $1"; }
none() { echo "-       $1"; }

partial() {
    echo "PARTIAL $1"
    [ "$worst" -ge 1 ] || worst=1
}

broken() {
    echo "BROKEN  $1"
    worst=2
}

finish() {
    echo
    echo "Not checked here: which log and witnesses are to be trusted and where each record stands in the log;"
    echo "the window of time of each record; that texts and images are the ones that were signed; who may sign"
    echo "what; certificates of keys; pay. Compare the keys above with what you know from elsewhere."
    echo "$CLAIM"
    echo
    case $worst in
        0) echo "BASIC ok" ;;
        1) echo "BASIC partial" ;;
        *) echo "BASIC broken" ;;
    esac
    exit "$worst"
}

tsa= log_key= target=
while [ $# -gt 0 ]; do
    case $1 in
        --tsa) [ $# -ge 2 ] || usage; tsa=$2; shift 2 ;;
        --log) [ $# -ge 2 ] || usage; log_key=$2; shift 2 ;;
        --) shift; [ $# -eq 1 ] && [ -z "$target" ] || usage; target=$1; shift ;;
        -*) usage ;;
        *) [ -z "$target" ] || usage; target=$1; shift ;;
    esac
done
[ -n "$target" ] || usage
[ -z "$tsa" ] || [ -r "$tsa" ] || die "cannot read $tsa"
for program in openssl grep sed awk sort find mktemp; do
    command -v "$program" >/dev/null 2>&1 || die "this needs $program"
done
version=$(openssl version 2>/dev/null)
case $version in
    OpenSSL\ [3-9].*|OpenSSL\ [1-9][0-9].*) ;;
    *) die "this needs OpenSSL 3 or newer, not '$version'" ;;
esac
absolute() {
    case $1 in
        ''|/*) echo "$1" ;;
        *) echo "$(pwd)/$1" ;;
    esac
}
tsa=$(absolute "$tsa") target=$(absolute "$target")

tmp=$(mktemp -d) || die "cannot make a temporary folder"
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP

# An Ed25519 key in PEM: 12 bytes of DER, which are 16 characters, and the key itself.
ed25519_pem() {
    printf -- '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA%s=\n-----END PUBLIC KEY-----\n' \
        "$(printf %s "$1" | sed 'y|-_|+/|')"
}

if [ -n "$log_key" ]; then
    if [ -r "$log_key" ]; then sed -n p "$log_key" >"$tmp/log.pem"
    else ed25519_pem "$log_key" >"$tmp/log.pem"; fi
    openssl pkey -pubin -in "$tmp/log.pem" -noout 2>/dev/null || die "--log: not a public key"
    log_key=$tmp/log.pem
fi

stem='([1-9][0-9]*-)?[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]'
cat >"$tmp/names" <<EOF
^records/$stem\\.(jws|disc|proof)\$
^blobs/[0-9a-f]*\$
^log/((0|[1-9][0-9]*)-)?checkpoint\$
^log/$stem\\.(note|consistency|tsr|beacon|path|epoch)\$
^keys/[0-9a-f]*\\.(json|pem)\$
^policy/[0-9a-f]*\\.json\$
^trust/trust\\.json\$
^(manifest\\.json|REPORT\\.html|VERIFY\\.txt|CERTIFICATE-902\\.txt|SHA256SUMS)\$
EOF

echo "BASIC check of $(printf %s "${target##*/}" | sed 's/[^ -~]/?/g') ($version)"

# --- files -----------------------------------------------------------------------------------------------------

# A zip is looked at before it is unpacked: names, nothing compressed, no links, no name twice.
unpack() {
    command -v unzip >/dev/null 2>&1 || die "there is no unzip here: unpack the bundle and give the folder"
    unzip -Z1 "$1" >"$tmp/zipnames" 2>/dev/null || die "not a zip file that unzip can read"
    if grep -Evq -f "$tmp/names" "$tmp/zipnames"; then
        broken "files that no bundle has: $(grep -Ev -f "$tmp/names" "$tmp/zipnames" | grep -c .)"
        finish
    fi
    if [ -n "$(sort "$tmp/zipnames" | uniq -d)" ]; then
        broken "two files of one name"
        finish
    fi
    # The first two lines and the last are about the whole archive.
    unzip -Z "$1" 2>/dev/null | awk '
        NR > 3 && last !~ /^-rw-r--r--  *[0-9.]+ unx +[0-9]+ b- stor / { bad = 1 }
        { last = $0 }
        END { exit bad }
    ' || { broken "links, folders or compressed files"; finish; }
    unzip -qq -o "$1" -d "$tmp/bundle" >"$tmp/unzip" 2>&1 || broken "the zip is damaged"
}

if [ -d "$target" ]; then
    root=$target
elif [ -f "$target" ] && [ -r "$target" ]; then
    mkdir "$tmp/bundle"
    unpack "$target"
    root=$tmp/bundle
else
    die "cannot read $target"
fi
cd "$root" || die "cannot enter $root"

# The names go into no command line and no pattern before they are known to be harmless.
find . ! -type d ! -type f >"$tmp/strange"
[ ! -s "$tmp/strange" ] || { broken "links or devices among the files"; finish; }
find . -type f | sed 's|^\./||' | sort >"$tmp/files"
if grep -Evq -f "$tmp/names" "$tmp/files"; then
    broken "files that no bundle has: $(grep -Evc -f "$tmp/names" "$tmp/files")"
    finish
fi
[ -f manifest.json ] || die "no manifest.json: not a bundle"
: >"$tmp/computed"
for folder in . blobs keys log policy records trust; do
    [ -d "$folder" ] || continue
    if [ "$folder" = . ]; then set -- *.*; else set -- "$folder"/*; fi
    [ -e "$1" ] || continue
    openssl dgst -sha256 -r "$@" >>"$tmp/computed" || die "a file cannot be read"
done
sed 's/ \*/  /' "$tmp/computed" | sort -k 2 >"$tmp/sums"
if [ -f SHA256SUMS ]; then
    awk -v total=0 '
        FNR == 1 { file++ }
        file == 1 && NF { if ($0 !~ /^[0-9a-f]+  [!-~]+$/ || length($1) != 64 || $2 in want) { print "form"; next }
                          want[$2] = $1; next }
        file == 2 { seen[$2] = 1
                    if (!($2 in want)) print "unknown " $2
                    else if (want[$2] != $1) print "changed " $2 }
        END { for (name in want) if (!(name in seen)) print "absent " name }
    ' SHA256SUMS "$tmp/sums" | sort >"$tmp/differences"
    [ -s SHA256SUMS ] || echo form >"$tmp/differences"
    for what in changed unknown form; do
        count=$(grep -c "^$what" "$tmp/differences")
        [ "$count" -eq 0 ] || broken "SHA256SUMS, $what: $count  $(sed -n "s/^$what //p" "$tmp/differences" |
            sed -n 1,3p | sed ':a;N;$!ba;s/\n/ /g')"
    done
    count=$(grep -c '^absent' "$tmp/differences")
    [ "$count" -eq 0 ] || partial "SHA256SUMS, absent: $count  $(sed -n 's/^absent //p' "$tmp/differences" |
        sed -n 1,3p | sed ':a;N;$!ba;s/\n/ /g')"
    [ -s "$tmp/differences" ] || ok "files: $(grep -c . "$tmp/sums") as SHA256SUMS says"
else
    partial "SHA256SUMS is absent"
fi

# --- records ---------------------------------------------------------------------------------------------------

# One line a record: stem, kind, alg, kid (hex), ctr, stream, seq, prev (hex), characters of the JWS, signature
# (hex). JSON is read member by member at depth 1; the same name twice, or a header in another form, is refused.
cat >"$tmp/parse.awk" <<'EOF'
BEGIN {
    digits = "0123456789abcdef"
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for (i = 0; i < 64; i++) value[substr(alphabet, i + 1, 1)] = i
    for (i = 1; i < 256; i++) chars[i] = sprintf("%c", i)
}
function hex(text,   i, n, v, out) {
    n = length(text); out = ""
    for (i = 1; i + 1 <= n; i += 2) {
        v = value[substr(text, i, 1)] * 64 + value[substr(text, i + 1, 1)]
        out = out substr(digits, int(v / 256) + 1, 1) substr(digits, int(v / 16) % 16 + 1, 1) \
            substr(digits, v % 16 + 1, 1)
    }
    return out
}
function id(text) { return length(text) == 43 ? substr(hex(text "A"), 1, 64) : "" }
function plain(text,   i, n, bits, held, out, v) {
    n = length(text); out = ""; held = 0; bits = 0
    for (i = 1; i <= n; i++) {
        held = held * 64 + value[substr(text, i, 1)]; bits += 6
        if (bits >= 8) {
            bits -= 8; v = int(held / 2 ^ bits); held -= v * 2 ^ bits
            if (v < 32) { failed = "control characters"; return "" }
            out = out chars[v]
        }
    }
    return out
}
function members(text,   i, n, c, depth, quoted, escaped, name, item, at_name) {
    split("", member); n = length(text); depth = 0; quoted = 0; escaped = 0; name = ""; item = ""; at_name = 1
    for (i = 1; i <= n; i++) {
        c = substr(text, i, 1)
        if (!quoted && c == " ") continue
        if (quoted) {
            if (escaped) escaped = 0
            else if (c == "\\") escaped = 1
            else if (c == "\"") quoted = 0
        } else if (c == "\"") quoted = 1
        else if (c == "{" || c == "[") { depth++; if (depth == 1) { if (c == "[") return 0; continue } }
        else if (c == "}" || c == "]") {
            depth--
            if (depth == 0) { if (!keep(name, item)) return 0; return i == n }
        } else if (depth == 1 && c == ":" && at_name) { name = item; item = ""; at_name = 0; continue }
        else if (depth == 1 && c == ",") {
            if (!keep(name, item)) return 0
            name = ""; item = ""; at_name = 1; continue
        }
        item = item c
    }
    return 0
}
function keep(name, item) {
    if (name !~ /^"[a-z_0-9]+"$/ || item == "" || name in member) return 0
    member[name] = item
    return 1
}
function bare(item) { return item ~ /^"[A-Za-z0-9_-]*"$/ ? substr(item, 2, length(item) - 2) : "" }
{
    path = $0; failed = ""; jws = ""; count = 0
    while ((getline line < path) > 0) { count++; jws = line }
    close(path)
    stem = path; sub(/^records\//, "", stem); sub(/\.jws$/, "", stem)
    if (count != 1 || jws !~ /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/) { print stem, "-"; next }
    split(jws, part, ".")
    head = plain(part[1])
    if (head !~ /^\{"alg":"(Ed25519|ES256)","kid":"[A-Za-z0-9_-]+","typ":"wd-[a-z0-9-]+\+sd-jwt"\}$/) {
        print stem, "-"; next
    }
    if (!members(head)) { print stem, "-"; next }
    alg = bare(member["\"alg\""]); kid = id(bare(member["\"kid\""]))
    kind = member["\"typ\""]; sub(/^"wd-/, "", kind); sub(/\+sd-jwt"$/, "", kind)
    body = plain(part[2])
    if (failed != "" || !members(body) || kid == "" || length(part[3]) != 86) { print stem, "-"; next }
    stream = bare(member["\"stream\""]); seq = member["\"seq\""]
    prev = member["\"prev\""] == "null" ? "-" : id(bare(member["\"prev\""]))
    ctr = member["\"ctr\""] == "null" ? "-" : bare(member["\"ctr\""])
    if (stream == "" || seq !~ /^(0|[1-9][0-9]*)$/ || prev == "" || ctr == "") { print stem, "-"; next }
    print stem, kind, alg, kid, ctr, stream, seq, prev, length(jws), substr(hex(part[3]), 1, 128)
    if (kind == "seal") {
        heads = member["\"heads\""]; size = member["\"size\""]
        while (match(heads, /"id":"[A-Za-z0-9_-]+","seq":[0-9]+,"stream":"[A-Za-z0-9_-]+"/)) {
            item = substr(heads, RSTART, RLENGTH); heads = substr(heads, RSTART + RLENGTH)
            gsub(/"(id|seq|stream)":|"/, "", item); split(item, found, ",")
            print stem, size, found[3], found[2], id(found[1]) > HEADS
        }
    }
}
EOF

: >"$tmp/heads"
grep '^records/.*\.jws$' "$tmp/files" | awk -v HEADS="$tmp/heads" -f "$tmp/parse.awk" >"$tmp/records"
total=$(grep -c . "$tmp/records")

# From a JWK to a PEM: openssl is given the key that the file's own name is the hash of, never the .pem beside it.
make_key() {
    file=keys/$1.json
    [ -f "$file" ] || return 1
    grep -q "^$1  $file\$" "$tmp/sums" || return 1
    IFS= read -r jwk <"$file" || :
    case $jwk in
        '{"crv":"Ed25519","kty":"OKP","x":"'*'"}')
            x=${jwk#*\"x\":\"} x=${x%\"\}}
            case $x in *[!A-Za-z0-9_-]*) return 1 ;; esac
            ed25519_pem "$x" >"$tmp/$1.pem" ;;
        '{"crv":"P-256","kty":"EC","x":"'*'","y":"'*'"}')
            x=${jwk#*\"x\":\"} y=${x#*\"y\":\"} x=${x%%\"*} y=${y%%\"*}
            case $x$y in *[!A-Za-z0-9_-]*) return 1 ;; esac
            body=MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE$(
                { printf %s "$x=" | sed 'y|-_|+/|' | openssl base64 -d -A
                  printf %s "$y=" | sed 'y|-_|+/|' | openssl base64 -d -A; } | openssl base64 -A)
            printf -- '-----BEGIN PUBLIC KEY-----\n%s\n%s\n-----END PUBLIC KEY-----\n' \
                "$(printf %s "$body" | sed 's/^\(.\{64\}\).*/\1/')" \
                "$(printf %s "$body" | sed 's/^.\{64\}//')" >"$tmp/$1.pem" ;;
        *) return 1 ;;
    esac
    openssl pkey -pubin -in "$tmp/$1.pem" -noout 2>/dev/null
}

# r and s as two DER integers, as openssl wants them.
der() {
    printf 'asn1=SEQUENCE:s\n[s]\nr=INTEGER:0x%s\ns=INTEGER:0x%s\n' "$(printf %s "$1" | sed 's/.\{64\}$//')" \
        "$(printf %s "$1" | sed 's/^.\{64\}//')" >"$tmp/asn1"
    openssl asn1parse -genconf "$tmp/asn1" -noout -out "$tmp/signature" 2>/dev/null
}

good=0 false=0
: >"$tmp/bad"
while read -r stem kind alg kid ctr stream seq prev length signature; do
    IFS= read -r jws <"records/$stem.jws" || :
    if [ "$kind" = - ] || [ "${#jws}" -ne "$length" ]; then
        echo "$stem" >>"$tmp/bad"; false=$((false + 1)); continue
    fi
    if [ ! -f "$tmp/$kid.pem" ] && ! make_key "$kid"; then
        rm -f "$tmp/$kid.pem"
        echo "$stem" >>"$tmp/bad"; false=$((false + 1)); continue
    fi
    printf %s "${jws%.*}" >"$tmp/input"
    if [ "$alg" = Ed25519 ]; then
        printf '%s==' "${jws##*.}" | sed 'y|-_|+/|' | openssl base64 -d -A >"$tmp/signature"
        openssl pkeyutl -verify -pubin -inkey "$tmp/$kid.pem" -rawin -in "$tmp/input" \
            -sigfile "$tmp/signature" >/dev/null 2>&1
    else
        der "$signature" && openssl dgst -sha256 -verify "$tmp/$kid.pem" -signature "$tmp/signature" \
            "$tmp/input" >/dev/null 2>&1
    fi
    if [ $? -eq 0 ]; then good=$((good + 1)); else echo "$stem" >>"$tmp/bad"; false=$((false + 1)); fi
done <"$tmp/records"
# A file of one line without its newline: anything behind the signature is no part of a record.
behind=$(awk 'NF > 2 { print "records/" $1 ".jws", $9 }' "$tmp/records" | while read -r file length; do
    find "$file" ! -size "${length}c"
done | grep -c .)
if [ "$total" -eq 0 ]; then
    partial "there are no records"
elif [ "$false" -gt 0 ] || [ "$behind" -gt 0 ]; then
    broken "signatures: $((false + behind)) of $total records do not hold: $(sed -n 1,5p "$tmp/bad" | sed ':a;N;$!ba;s/\n/ /g')"
else
    ok "signatures: $good records, each by the key it names"
fi
awk 'NF > 2 { print $4, $3 }' "$tmp/records" | sort | uniq -c | while read -r count kid alg; do
    echo "        key $kid ($alg): $count records"
done

# --- chains ----------------------------------------------------------------------------------------------------

# The seal that begins the span has the manifest's `from` as its size: its heads are where the streams stood, so
# each stream must go on from there; before it, gaps are no finding. Later seals say what must be here.
from=$(sed -n 's/.*"from":{"size":\([0-9]*\)}.*/\1/p' manifest.json)
awk -v from="${from:-0}" '
    FILENAME ~ /sums$/ { name = $2; if (sub(/^records\//, "", name) && sub(/\.jws$/, "", name)) own[name] = $1; next }
    FILENAME ~ /records$/ {
        if (NF < 10) next
        place = $6 SUBSEP $7; key = $6
        if (!(key in owner)) { owner[key] = $4; context[key] = $5; streams++ }
        if (owner[key] != $4 || context[key] != $5) { print "stranger", $1; next }
        if (place in known && known[place] != own[$1]) { print "fork", $1; next }
        known[place] = own[$1]; before[place] = $8; stem[place] = $1
        at_index = $1; epoch = 0
        if (at_index ~ /-/) { epoch = 1; sub(/.*-/, "", at_index) }
        inside[place] = epoch || at_index + 0 >= from + 0
        next
    }
    $2 == from && from + 0 > 0 { begun[$3, $4] = $5; next }
    { last_seq = $3 SUBSEP $4; want[last_seq] = $5; by[last_seq] = $1 }
    END {
        for (place in begun) {
            if (place in known && known[place] != begun[place]) print "head", place
            known[place] = begun[place]
        }
        for (place in want) {
            if (!(place in known)) print "sealed", by[place]
            else if (known[place] != want[place]) print "head", by[place]
        }
        for (place in before) {
            split(place, at, SUBSEP)
            if (at[2] + 0 == 0) { if (before[place] != "-") print "fork", stem[place]; continue }
            last = at[1] SUBSEP (at[2] - 1)
            if (last in known) { if (known[last] != before[place]) print "fork", stem[place] }
            else if (inside[place]) print "gap", stem[place]
        }
        print "streams", streams + 0
    }
' "$tmp/sums" "$tmp/records" "$tmp/heads" >"$tmp/chains"
count=$(sed -n 's/^streams //p' "$tmp/chains")
if grep -Eq '^(fork|stranger|head) ' "$tmp/chains"; then
    broken "chains: two records for one place, or a link to another record: $(grep -Ec '^(fork|stranger|head) ' "$tmp/chains")"
fi
if grep -q '^gap ' "$tmp/chains"; then
    partial "chains: records are missing before $(sed -n 's/^gap //p' "$tmp/chains" | sed -n 1,3p | sed ':a;N;$!ba;s/\n/ /g')"
fi
if grep -q '^sealed ' "$tmp/chains"; then
    partial "seal: $(grep -c '^sealed ' "$tmp/chains") streams end earlier here than the seal says"
fi
grep -Eq '^(fork|stranger|head|gap|sealed) ' "$tmp/chains" || ok "chains: $count streams, each record names the one before"
if grep -q '"seal":null' manifest.json; then
    partial "no seal ends this bundle: what came last may be left out"
elif [ ! -s "$tmp/heads" ]; then
    partial "the seal is absent: what came last may be left out"
fi

# --- notes and time stamps -------------------------------------------------------------------------------------

# The text of a signed note: everything before its last empty line.
note_text() {
    awk '{ line[NR] = $0; if ($0 == "") last = NR } END { for (i = 1; i < last; i++) print line[i] }' "$1"
}

if [ -n "$log_key" ]; then
    good=0 false=0
    for note in log/*checkpoint log/*.note; do
        [ -f "$note" ] || continue
        note_text "$note" >"$tmp/text"
        origin=$(sed -n 1p "$tmp/text")
        # The log's line: its name, then base64 of 4 bytes of key id and 64 of signature.
        awk -v name="$origin" 'index($0, "\342\200\224 " name " ") == 1 { print $NF }' "$note" | sed -n '1{p;}' |
            openssl base64 -d -A 2>/dev/null >"$tmp/line"
        tail -c 64 "$tmp/line" >"$tmp/signature"
        if openssl pkeyutl -verify -pubin -inkey "$log_key" -rawin -in "$tmp/text" -sigfile "$tmp/signature" \
            >/dev/null 2>&1; then good=$((good + 1)); else false=$((false + 1)); fi
    done
    if [ "$false" -gt 0 ]; then broken "notes: $false are not signed by the log's key"
    else ok "notes: $good signed by the log's key"; fi
else
    none "notes: no key of the log given (--log), not checked"
fi

stamp() {
    openssl ts -verify -data "$tmp/text" -in "$token" -CAfile "$tsa" "$@" >/dev/null 2>&1
}

good=0 false=0 lost=0 expired=0
for token in log/*.tsr; do
    [ -f "$token" ] || continue
    [ -n "$tsa" ] || { lost=$((lost + 1)); continue; }
    note=${token%.tsr}.note
    [ -f "$note" ] || note=log/checkpoint
    note_text "$note" >"$tmp/text"
    # A whole response, or the token alone.
    if stamp || stamp -token_in; then good=$((good + 1))
    elif stamp -no_check_time || stamp -token_in -no_check_time; then expired=$((expired + 1))
    else false=$((false + 1)); fi
done
if [ "$false" -gt 0 ]; then
    broken "time stamps: $false do not verify against the certificates given"
elif [ "$expired" -gt 0 ]; then
    partial "time stamps: $expired by certificates that are not valid today; were they when it was stamped?"
elif [ "$lost" -gt 0 ]; then
    none "time stamps: $lost, no certificates given (--tsa), not checked"
elif [ "$good" -gt 0 ]; then
    ok "time stamps: $good"
else
    none "time stamps: none in this bundle"
fi
finish
