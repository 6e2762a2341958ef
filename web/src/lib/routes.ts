import type { Route } from './router.svelte';

export const routes: Route[] = [
  { pattern: '/', load: () => import('../screens/Home.svelte') },
  { pattern: '/artists', load: () => import('../screens/Artists.svelte') },
  { pattern: '/artists/:id', load: () => import('../screens/Artist.svelte') },
  { pattern: '/albums', load: () => import('../screens/Albums.svelte') },
  { pattern: '/albums/:id', load: () => import('../screens/Album.svelte') },
  { pattern: '/search', load: () => import('../screens/Search.svelte') },
  { pattern: '/genres', load: () => import('../screens/Genres.svelte') },
  { pattern: '/genres/:id', load: () => import('../screens/Genre.svelte') },
  { pattern: '/favourites', load: () => import('../screens/Favourites.svelte') },
  { pattern: '/playlists', load: () => import('../screens/Playlists.svelte') },
  { pattern: '/playlists/smart', load: () => import('../screens/Smart.svelte') },
  { pattern: '/playlists/:id', load: () => import('../screens/Playlist.svelte') },
  { pattern: '/playlists/:id/rules', load: () => import('../screens/Smart.svelte') },
  { pattern: '/podcasts', load: () => import('../screens/Podcasts.svelte') },
  { pattern: '/podcasts/:id', load: () => import('../screens/Podcast.svelte') },
  { pattern: '/episodes/:id', load: () => import('../screens/Episode.svelte') },
  { pattern: '/radio', load: () => import('../screens/Radio.svelte') },
  { pattern: '/songs', load: () => import('../screens/Songs.svelte') },
  { pattern: '/videos', load: () => import('../screens/Videos.svelte') },
  { pattern: '/videos/:id', load: () => import('../screens/Watch.svelte') },
  { pattern: '/upload', load: () => import('../screens/Upload.svelte') },
  { pattern: '/settings', load: () => import('../screens/Settings.svelte') },
  { pattern: '/settings/:section', load: () => import('../screens/Settings.svelte') },
  { pattern: '/s/:secret', guest: true, load: () => import('../screens/Shared.svelte') },
  { pattern: '/embed/:secret', guest: true, load: () => import('../screens/Shared.svelte') },
  { pattern: '/setup', guest: true, load: () => import('../screens/Setup.svelte') },
  { pattern: '/welcome', guest: true, load: () => import('../screens/Welcome.svelte') },
  { pattern: '/sign-in', guest: true, load: () => import('../screens/SignIn.svelte') },
];

export const notFound: Route = { pattern: '*', load: () => import('../screens/NotFound.svelte') };
