import { expect, it } from 'vitest';
import { match } from './match';

it('a_fixed_path_fits_only_itself', () => {
  expect(match('/albums', '/albums')).toEqual({});
  expect(match('/albums', '/albums/')).toEqual({});
  expect(match('/albums', '/artists')).toBeNull();
  expect(match('/albums', '/albums/7')).toBeNull();
});
it('the_root_fits_only_the_root', () => {
  expect(match('/', '/')).toEqual({});
  expect(match('/', '/x')).toBeNull();
});
it('a_named_part_is_handed_over_decoded', () => expect(match('/a/:id', '/a/x%20y')).toEqual({ id: 'x y' }));
it('a_broken_escape_fits_nothing', () => expect(match('/a/:id', '/a/%E0%A4%A')).toBeNull());
