/** "Firefox on Linux" from what a browser says of itself; its first words when it is something else. */
export function agentName(agent: string): string {
  const browser = [
    ['Edg/', 'Edge'],
    ['OPR/', 'Opera'],
    ['Firefox/', 'Firefox'],
    ['Chrome/', 'Chrome'],
    ['Safari/', 'Safari'],
  ].find(([mark]) => mark !== undefined && agent.includes(mark))?.[1];
  const system = [
    ['iPhone', 'iPhone'],
    ['iPad', 'iPad'],
    ['Android', 'Android'],
    ['Mac OS', 'Mac'],
    ['Windows', 'Windows'],
    ['Linux', 'Linux'],
  ].find(([mark]) => mark !== undefined && agent.includes(mark))?.[1];
  if (!browser) return agent.split(/[/(]/)[0]?.trim().slice(0, 60) || 'Unknown app';
  return system ? `${browser} on ${system}` : browser;
}
