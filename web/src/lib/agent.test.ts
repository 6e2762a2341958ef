import { expect, it } from 'vitest';
import { agentName } from './agent';

it('a_browser_is_told_by_name_and_system', () => {
  expect(agentName('Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36')).toBe('Chrome on Linux');
  expect(agentName('Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile/15E148 Safari/604.1')).toBe('Safari on iPhone');
  expect(agentName('Mozilla/5.0 (Windows NT 10.0) Chrome/150 Safari/537.36 Edg/150')).toBe('Edge on Windows');
});
it('something_else_is_told_by_its_own_first_words', () => expect(agentName('Symfonium/12.1 (Android)')).toBe('Symfonium'));
it('silence_is_an_unknown_app', () => expect(agentName('')).toBe('Unknown app'));
