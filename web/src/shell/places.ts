import Clapperboard from '@lucide/svelte/icons/clapperboard';
import Disc3 from '@lucide/svelte/icons/disc-3';
import Folder from '@lucide/svelte/icons/folder';
import Heart from '@lucide/svelte/icons/heart';
import House from '@lucide/svelte/icons/house';
import ListMusic from '@lucide/svelte/icons/list-music';
import MicVocal from '@lucide/svelte/icons/mic-vocal';
import Music from '@lucide/svelte/icons/music';
import Podcast from '@lucide/svelte/icons/podcast';
import RadioTower from '@lucide/svelte/icons/radio-tower';
import Search from '@lucide/svelte/icons/search';
import Settings from '@lucide/svelte/icons/settings';
import Tags from '@lucide/svelte/icons/tags';
import Upload from '@lucide/svelte/icons/upload';

const home = { href: '/', label: 'Home', icon: House };
const search = { href: '/search', label: 'Search', icon: Search };
const albums = { href: '/albums', label: 'Albums', icon: Disc3 };
const playlists = { href: '/playlists', label: 'Playlists', icon: ListMusic };
const videos = { href: '/videos', label: 'Videos', icon: Clapperboard };

export const listen = [
  home,
  search,
  albums,
  { href: '/artists', label: 'Artists', icon: MicVocal },
  { href: '/songs', label: 'Songs', icon: Music },
  { href: '/genres', label: 'Genres', icon: Tags },
  { href: '/folders', label: 'Folders', icon: Folder },
  playlists,
  { href: '/favourites', label: 'Favourites', icon: Heart },
  { href: '/podcasts', label: 'Podcasts', icon: Podcast },
  { href: '/radio', label: 'Radio', icon: RadioTower },
  videos,
];
export const upload = { href: '/upload', label: 'Upload', icon: Upload };
export const settings = { href: '/settings', label: 'Settings', icon: Settings };

/** The five tabs of a phone; one stands for all music, one for what is one's own. Settings and uploads are in the account's menu. */
export const tabs = [
  { ...home, over: ['/'] },
  { ...search, over: ['/search'] },
  { ...albums, label: 'Music', over: ['/albums', '/artists', '/songs', '/genres', '/folders'] },
  { ...playlists, label: 'Yours', icon: Heart, over: ['/playlists', '/favourites', '/podcasts', '/episodes', '/radio'] },
  { ...videos, over: ['/videos'] },
];

/** Whether a place of the menu is where the page is, or above it. */
export function isHere(href: string, path: string): boolean {
  return href === '/' ? path === '/' : path === href || path.startsWith(`${href}/`);
}
