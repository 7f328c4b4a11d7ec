// Checks logs with other people's code: trees, proofs and notes by golang.org/x/mod/sumdb (tlog, note).
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go run check.go CASES.json
//
// The file holds lists of cases by what they are about; standard output has one verdict for each case, in
// order. Nothing of WorkDiary's own is used here; a cosignature is an Ed25519 signature by Go's own library.
package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type inclusion struct {
	Leaf, Root  string
	Index, Size int64
	Path        []string
}

type consistency struct {
	OldRoot string `json:"old_root"`
	NewRoot string `json:"new_root"`
	Old     int64
	New     int64
	Proof   []string
}

type signed struct {
	Note      string
	Vkey      string
	Cosigners []string
}

type receipt struct {
	Jws, Receipt, Vkey string
}

type tree struct {
	Leaves []string
	Size   int64
}

type cases struct {
	Inclusion   []inclusion
	Consistency []consistency
	Notes       []signed
	Receipts    []receipt
	Trees       []tree
}

type opened struct {
	Text    string   `json:"text"`
	Signers []string `json:"signers"`
}

type verdicts struct {
	Inclusion   []bool              `json:"inclusion"`
	Consistency []bool              `json:"consistency"`
	Notes       []*opened           `json:"notes"`
	Receipts    []bool              `json:"receipts"`
	Trees       []map[string]string `json:"trees"`
}

func main() {
	data, err := os.ReadFile(os.Args[1])
	fatal(err)
	var given cases
	fatal(json.Unmarshal(data, &given))
	var out verdicts
	for _, one := range given.Inclusion {
		out.Inclusion = append(out.Inclusion, checkInclusion(one) == nil)
	}
	for _, one := range given.Consistency {
		out.Consistency = append(out.Consistency, checkConsistency(one) == nil)
	}
	for _, one := range given.Notes {
		out.Notes = append(out.Notes, openNote(one))
	}
	for _, one := range given.Receipts {
		out.Receipts = append(out.Receipts, checkReceipt(one) == nil)
	}
	for _, one := range given.Trees {
		out.Trees = append(out.Trees, growTree(one))
	}
	fatal(json.NewEncoder(os.Stdout).Encode(out))
}

func fatal(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func hashes(texts []string) ([]tlog.Hash, error) {
	var list []tlog.Hash
	for _, text := range texts {
		hash, err := tlog.ParseHash(text)
		if err != nil {
			return nil, err
		}
		list = append(list, hash)
	}
	return list, nil
}

func checkInclusion(one inclusion) error {
	path, err := hashes(one.Path)
	if err != nil {
		return err
	}
	ends, err := hashes([]string{one.Root, one.Leaf})
	if err != nil {
		return err
	}
	if one.Index < 0 || one.Index >= one.Size {
		return errors.New("no such leaf")
	}
	return tlog.CheckRecord(path, one.Size, ends[0], one.Index, ends[1])
}

func checkConsistency(one consistency) error {
	proof, err := hashes(one.Proof)
	if err != nil {
		return err
	}
	ends, err := hashes([]string{one.NewRoot, one.OldRoot})
	if err != nil {
		return err
	}
	if one.Old < 1 || one.Old > one.New {
		return errors.New("not an older tree") // this library starts at one leaf
	}
	return tlog.CheckTree(proof, one.New, ends[0], one.Old, ends[1])
}

// A cosigner of c2sp.org/tlog-cosignature v1, as a verifier of notes.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c cosigner) Name() string    { return c.name }
func (c cosigner) KeyHash() uint32 { return c.hash }
func (c cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	head := fmt.Sprintf("cosignature/v1\ntime %d\n", binary.BigEndian.Uint64(sig))
	return ed25519.Verify(c.key, append([]byte(head), msg...), sig[8:])
}

func newCosigner(vkey string) (cosigner, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return cosigner{}, errors.New("no vkey")
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 33 || key[0] != 4 {
		return cosigner{}, errors.New("no cosigner's key")
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	hash := binary.BigEndian.Uint32(sum[:])
	if fmt.Sprintf("%08x", hash) != parts[1] {
		return cosigner{}, errors.New("another key id")
	}
	return cosigner{parts[0], hash, key[1:]}, nil
}

func openNote(one signed) *opened {
	own, err := note.NewVerifier(one.Vkey)
	if err != nil {
		return nil
	}
	list := []note.Verifier{own}
	for _, vkey := range one.Cosigners {
		key, err := newCosigner(vkey)
		if err != nil {
			return nil
		}
		list = append(list, key)
	}
	n, err := note.Open([]byte(one.Note), note.VerifierList(list...))
	if err != nil {
		return nil
	}
	out := &opened{Text: n.Text, Signers: []string{}}
	for _, sig := range n.Sigs {
		out.Signers = append(out.Signers, sig.Name)
	}
	if out.Signers[0] != own.Name() {
		return nil // cosigned, and not by the log
	}
	return out
}

// The receipt's own lines have no reader in this library; they are read here as c2sp.org/tlog-proof says.
func checkReceipt(one receipt) error {
	own, err := note.NewVerifier(one.Vkey)
	if err != nil {
		return err
	}
	head, body, found := strings.Cut(one.Receipt, "\n\n")
	lines := strings.Split(head, "\n")
	if !found || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("no proof")
	}
	lines = lines[1:]
	if strings.HasPrefix(lines[0], "extra ") {
		lines = lines[1:]
	}
	text := strings.TrimPrefix(lines[0], "index ")
	index, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strconv.FormatInt(index, 10) != text {
		return errors.New("no index")
	}
	n, err := note.Open([]byte(body), note.VerifierList(own))
	if err != nil {
		return err
	}
	checkpoint := strings.Split(n.Text, "\n")
	size, err := strconv.ParseInt(checkpoint[1], 10, 64)
	if err != nil || checkpoint[0] != own.Name() {
		return errors.New("no checkpoint of this log")
	}
	leaf := tlog.RecordHash(append([]byte{1}, one.Jws...))
	return checkInclusion(inclusion{leaf.String(), checkpoint[2], index, size, lines[1:]})
}

// Grows a tree leaf by leaf; its root, and the SHA-256 of each of its tiles by path.
func growTree(one tree) map[string]string {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var list []tlog.Hash
		for _, index := range indexes {
			list = append(list, stored[index])
		}
		return list, nil
	})
	for n, text := range one.Leaves[:one.Size] {
		leaf, err := base64.StdEncoding.DecodeString(text)
		fatal(err)
		more, err := tlog.StoredHashes(int64(n), leaf, reader)
		fatal(err)
		stored = append(stored, more...)
	}
	root, err := tlog.TreeHash(one.Size, reader)
	fatal(err)
	out := map[string]string{"root": root.String()}
	for _, tile := range tlog.NewTiles(8, 0, one.Size) {
		data, err := tlog.ReadTileData(tile, reader)
		fatal(err)
		sum := sha256.Sum256(data)
		out[strings.TrimPrefix(tile.Path(), "tile/8/")] = hex.EncodeToString(sum[:])
	}
	return out
}
