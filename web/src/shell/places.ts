import Clapperboard from '@lucide/svelte/icons/clapperboard';
import Disc3 from '@lucide/svelte/icons/disc-3';
import House from '@lucide/svelte/icons/house';
import ListMusic from '@lucide/svelte/icons/list-music';
import MicVocal from '@lucide/svelte/icons/mic-vocal';
import Settings from '@lucide/svelte/icons/settings';
import Upload from '@lucide/svelte/icons/upload';

export const listen = [
  { href: '/', label: 'Home', icon: House },
  { href: '/albums', label: 'Albums', icon: Disc3 },
  { href: '/artists', label: 'Artists', icon: MicVocal },
  { href: '/songs', label: 'Songs', icon: ListMusic },
  { href: '/videos', label: 'Videos', icon: Clapperboard },
];
export const upload = { href: '/upload', label: 'Upload', icon: Upload };
export const settings = { href: '/settings', label: 'Settings', icon: Settings };

/** Whether a place of the menu is where the page is, or above it. */
export function isHere(href: string, path: string): boolean {
  return href === '/' ? path === '/' : path === href || path.startsWith(`${href}/`);
}
