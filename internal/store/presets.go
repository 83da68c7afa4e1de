package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"slices"
	"strings"
)

// MaxPresets is how many presets an owner can have.
const MaxPresets = 20

var (
	// ErrPresetExists means that the owner has a preset of that name.
	ErrPresetExists = errors.New("a preset of that name exists")
	// ErrTooManyPresets means that the owner has MaxPresets presets.
	ErrTooManyPresets = errors.New("too many presets")
)

// Preset is a selection of event types that an owner named.
type Preset struct {
	ID    string
	Name  string
	Types []string // codes, none of which has a space
}

// AddPreset stores a preset under a new ID and returns it. Names that differ only in case are the same.
// The error is ErrPresetExists or ErrTooManyPresets if it is not stored, ErrNotFound if the owner is gone.
func (s *Store) AddPreset(ctx context.Context, owner Owner, p Preset) (Preset, error) {
	p.ID = rand.Text()
	return p, failed("add preset", s.tx(ctx, func(tx *sql.Tx) error {
		if err := s.lockPresentOwner(ctx, tx, owner); err != nil {
			return err
		}
		key := strings.ToLower(p.Name)
		var all, same int
		err := tx.QueryRowContext(ctx, `
			SELECT COUNT(*), COUNT(CASE WHEN name_key = $3 THEN 1 END) FROM presets WHERE environment = $1 AND owner = $2`,
			s.env, owner, key).Scan(&all, &same)
		switch {
		case err != nil:
			return err
		case same > 0:
			return ErrPresetExists
		case all >= MaxPresets:
			return ErrTooManyPresets
		}
		_, err = tx.ExecContext(ctx, `
			INSERT INTO presets (environment, owner, id, name, name_key, types, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			s.env, owner, p.ID, p.Name, key, strings.Join(p.Types, " "), millis(s.now()))
		return err
	}))
}

// Presets returns an owner's presets, sorted by name.
func (s *Store) Presets(ctx context.Context, owner Owner) ([]Preset, error) {
	rows, err := s.engine.read.QueryContext(ctx, `
		SELECT id, name, types FROM presets WHERE environment = $1 AND owner = $2`, s.env, owner)
	if err != nil {
		return nil, failed("list presets", err)
	}
	defer rows.Close()
	var all []Preset
	for rows.Next() {
		var p Preset
		var types string
		if err := rows.Scan(&p.ID, &p.Name, &types); err != nil {
			return nil, failed("list presets", err)
		}
		p.Types = strings.Fields(types)
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b Preset) int { return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return all, failed("list presets", rows.Err())
}

// DeletePreset deletes an owner's preset. It is no error if there is none.
func (s *Store) DeletePreset(ctx context.Context, owner Owner, id string) error {
	_, err := s.exec(ctx, `DELETE FROM presets WHERE environment = $1 AND owner = $2 AND id = $3`, s.env, owner, id)
	return failed("delete preset", err)
}
