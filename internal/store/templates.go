package store

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
)

// MaxTemplates is how many templates an owner can have.
const MaxTemplates = 50

var (
	// ErrTemplateExists means that the owner has another template of that name.
	ErrTemplateExists = errors.New("a template of that name exists")
	// ErrTemplateChanged means that the template has a newer version than the one that was to be changed.
	ErrTemplateChanged = errors.New("the template was changed")
	// ErrTooManyTemplates means that the owner has MaxTemplates templates.
	ErrTooManyTemplates = errors.New("too many templates")
)

// Template is one version of what shops of an owner should have.
type Template struct {
	Owner    Owner
	ID       string // by the caller, so that one form makes one template
	Version  int
	Name     string
	Document []byte // JSON by the caller; sealed in the database; nil if it doesn't open
	Made     PlanPerson
}

const (
	templateColumns = `v.id, v.version, v.name, v.document, v.made_by, v.made_name, v.made_at`

	selectTemplates = `SELECT ` + templateColumns + ` FROM templates AS t JOIN template_versions AS v
		ON v.environment = t.environment AND v.owner = t.owner AND v.id = t.id AND v.version = t.version
		WHERE t.environment = $1 AND t.owner = $2`

	selectTemplateVersions = `SELECT ` + templateColumns + ` FROM template_versions AS v
		WHERE v.environment = $1 AND v.owner = $2 AND v.id = $3 ORDER BY v.version DESC LIMIT $4`

	selectAllVersions = `SELECT ` + templateColumns + ` FROM template_versions AS v
		WHERE v.environment = $1 AND v.owner = $2 ORDER BY v.id, v.version DESC`

	insertTemplate = `INSERT INTO templates (environment, owner, id, name_key, version) VALUES ($1, $2, $3, $4, $5)`

	insertTemplateVersion = `INSERT INTO template_versions
			(environment, owner, id, version, name, document, made_by, made_name, made_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
)

func (s *Store) templateContext(t Template) rowContext {
	return rowContext{"template_versions", "document", []string{s.env, string(t.Owner), t.ID, strconv.Itoa(t.Version)}}
}

// templateKey returns what names that differ only in case have in common.
func templateKey(name string) string { return ShopLabelKey(name) }

// AddTemplate stores the first version of a template, and records activities, as done. If the owner has a template with
// this ID, it's returned as it is now. The error is ErrTemplateExists or ErrTooManyTemplates if it isn't stored,
// ErrNotFound if the owner is gone.
func (s *Store) AddTemplate(ctx context.Context, t Template, done ...Activity) (out Template, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		out = t // the transaction may run again
		if err := s.lockPresentOwner(ctx, tx, t.Owner); err != nil {
			return err
		}
		had, err := s.scanTemplate(ctx, t.Owner,
			tx.QueryRowContext(ctx, selectTemplates+` AND t.id = $3`, s.env, t.Owner, t.ID))
		if !errors.Is(err, sql.ErrNoRows) {
			out = had
			return err
		}
		var all, same int
		err = tx.QueryRowContext(ctx, `
			SELECT COUNT(*), COUNT(CASE WHEN name_key = $3 THEN 1 END) FROM templates WHERE environment = $1 AND owner = $2`,
			s.env, t.Owner, templateKey(t.Name)).Scan(&all, &same)
		switch {
		case err != nil:
			return err
		case same > 0:
			return ErrTemplateExists
		case all >= MaxTemplates:
			return ErrTooManyTemplates
		}
		out.Version = 1
		_, err = tx.ExecContext(ctx, insertTemplate, s.env, t.Owner, t.ID, templateKey(t.Name), out.Version)
		if err != nil {
			return err
		}
		out.Made.At = s.now()
		return s.addTemplateVersion(ctx, tx, out, done)
	})
	return out, failed("add template", err)
}

func (s *Store) addTemplateVersion(ctx context.Context, tx *sql.Tx, t Template, done []Activity) error {
	_, err := tx.ExecContext(ctx, insertTemplateVersion, s.env, t.Owner, t.ID, t.Version, t.Name,
		s.keys.seal(t.Document, s.templateContext(t)), t.Made.ID, t.Made.Name, millis(t.Made.At))
	if err != nil {
		return err
	}
	return s.addDone(ctx, tx, done)
}

// ChangeTemplate stores a new version of a template, whose newest one has t's Version, and records activities, as done.
// The version returned is the new one. If t is as the newest version already, that is returned, and nothing is
// stored. The error is ErrTemplateChanged if the newest version is another one, ErrTemplateExists if another template
// has the name, ErrNotFound if the template is gone.
func (s *Store) ChangeTemplate(ctx context.Context, t Template, done ...Activity) (out Template, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		out = t // the transaction may run again
		if err := s.lockPresentOwner(ctx, tx, t.Owner); err != nil {
			return err
		}
		had, err := s.scanTemplate(ctx, t.Owner,
			tx.QueryRowContext(ctx, selectTemplates+` AND t.id = $3`, s.env, t.Owner, t.ID))
		switch {
		case err != nil:
			return err
		case had.Name == t.Name && bytes.Equal(had.Document, t.Document):
			out = had
			return nil
		case had.Version != t.Version:
			return ErrTemplateChanged
		}
		var same int
		err = tx.QueryRowContext(ctx, `
			SELECT COUNT(*) FROM templates WHERE environment = $1 AND owner = $2 AND id <> $3 AND name_key = $4`,
			s.env, t.Owner, t.ID, templateKey(t.Name)).Scan(&same)
		if err == nil && same > 0 {
			err = ErrTemplateExists
		}
		if err != nil {
			return err
		}
		out.Version++
		_, err = tx.ExecContext(ctx, `
			UPDATE templates SET name_key = $1, version = $2 WHERE environment = $3 AND owner = $4 AND id = $5`,
			templateKey(t.Name), out.Version, s.env, t.Owner, t.ID)
		if err != nil {
			return err
		}
		out.Made.At = s.now()
		return s.addTemplateVersion(ctx, tx, out, done)
	})
	return out, failed("change template", err)
}

// DeleteTemplate deletes a template with all its versions, and records activities, as done, if there was one.
func (s *Store) DeleteTemplate(ctx context.Context, owner Owner, id string, done ...Activity) error {
	return failed("delete template", s.tx(ctx, func(tx *sql.Tx) error {
		n, err := affected(tx.ExecContext(ctx, `DELETE FROM templates WHERE environment = $1 AND owner = $2 AND id = $3`,
			s.env, owner, id))
		if err != nil || n == 0 {
			return err
		}
		return s.addDone(ctx, tx, done)
	}))
}

// Templates returns the newest version of each template of an owner, by name. One that doesn't open has no document.
func (s *Store) Templates(ctx context.Context, owner Owner) ([]Template, error) {
	all, err := s.templates(ctx, owner, selectTemplates, s.env, owner)
	slices.SortFunc(all, func(a, b Template) int {
		return cmp.Or(cmp.Compare(templateKey(a.Name), templateKey(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	return all, failed("list templates", err)
}

// TemplateVersions returns the newest versions of a template, at most limit of them, or none if there is no such
// template. One that doesn't open has no document.
func (s *Store) TemplateVersions(ctx context.Context, owner Owner, id string, limit int) ([]Template, error) {
	all, err := s.templates(ctx, owner, selectTemplateVersions, s.env, owner, id, limit)
	return all, failed("list versions of a template", err)
}

func (s *Store) templates(ctx context.Context, owner Owner, query string, args ...any) ([]Template, error) {
	rows, err := s.engine.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Template
	for rows.Next() {
		t, err := s.scanTemplate(ctx, owner, rows)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, rows.Err()
}

// scanTemplate reads templateColumns.
func (s *Store) scanTemplate(ctx context.Context, owner Owner, row scanner) (Template, error) {
	t := Template{Owner: owner}
	var sealed []byte
	var made int64
	err := row.Scan(&t.ID, &t.Version, &t.Name, &sealed, &t.Made.ID, &t.Made.Name, &made)
	if err != nil {
		return t, err
	}
	t.Made.At = timeAt(made)
	if t.Document, err = s.keys.open(sealed, s.templateContext(t)); err != nil {
		s.log.WarnContext(ctx, "a template does not open", "err", err)
	}
	return t, nil
}

// moveTemplates moves the templates of an owner, and seals them again. Those that the other has no name or room for
// stay. So does one that doesn't open, and an older version that doesn't is lost.
func (s *Store) moveTemplates(ctx context.Context, tx *sql.Tx, from, to Owner) error {
	names, err := textsOf(tx.QueryContext(ctx, `SELECT name_key FROM templates WHERE environment = $1 AND owner = $2`,
		s.env, to))
	if err != nil {
		return err
	}
	versions, err := s.versionsIn(ctx, tx, from)
	if err != nil {
		return err
	}
	moved, newest := map[string]bool{}, ""
	for _, v := range versions { // of each template, the newest comes first
		if v.ID != newest {
			newest = v.ID
			key := templateKey(v.Name)
			if slices.Contains(names, key) || len(names) >= MaxTemplates || v.Document == nil {
				continue
			}
			names, moved[v.ID] = append(names, key), true
			if _, err := tx.ExecContext(ctx, insertTemplate, s.env, to, v.ID, key, v.Version); err != nil {
				return err
			}
		}
		if !moved[v.ID] || v.Document == nil {
			continue
		}
		v.Owner = to
		if err := s.addTemplateVersion(ctx, tx, v, nil); err != nil {
			return err
		}
	}
	for id := range moved {
		_, err := tx.ExecContext(ctx, `DELETE FROM templates WHERE environment = $1 AND owner = $2 AND id = $3`,
			s.env, from, id)
		if err != nil {
			return err
		}
	}
	return nil
}

// versionsIn returns all versions of an owner's templates, by template, the newest first.
func (s *Store) versionsIn(ctx context.Context, tx *sql.Tx, owner Owner) (all []Template, err error) {
	rows, err := tx.QueryContext(ctx, selectAllVersions, s.env, owner)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		v, err := s.scanTemplate(ctx, owner, rows)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}
