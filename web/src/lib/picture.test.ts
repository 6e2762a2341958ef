import { expect, it } from 'vitest';
import { pictureSet, pictureUrl } from './picture';

const picture = { id: '1', width: 1280, height: 720, blur: '', url: '/pictures/1/{size}?t=x' };

it('a_picture_is_asked_for_in_a_size', () => expect(pictureUrl(picture, 384)).toBe('/pictures/1/384?t=x'));
it('no_picture_has_no_address', () => expect([pictureUrl(null, 96), pictureSet(null)]).toEqual([null, undefined]));
it('candidates_are_told_by_width_though_sizes_name_the_longest_edge', () => {
  expect(pictureSet({ ...picture, width: 720, height: 1440 })).toContain('/pictures/1/384?t=x 192w');
});
it('a_small_picture_is_never_asked_for_much_larger_than_it_is', () => {
  expect(pictureSet({ ...picture, width: 200, height: 200 })).toBe(
    '/pictures/1/96?t=x 96w, /pictures/1/192?t=x 192w, /pictures/1/384?t=x 384w',
  );
});
