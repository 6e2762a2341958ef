import './trusted-types';
import './fonts.css';
import './app.css';
import './parts.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { notFound, routes } from './lib/routes';
import { router } from './lib/router.svelte';
import { session } from './lib/session.svelte';

const target = document.getElementById('app');
if (!target) throw new Error('the page has no place to stand');

// The screen is fetched while the server says who is signed in; nothing is shown before it has.
router.start(routes, notFound);
void session.start();
mount(App, { target });

if ('serviceWorker' in navigator && import.meta.env.PROD) {
  // Without it the page works, only not offline.
  navigator.serviceWorker.register('/sw.js').catch(() => undefined);
}
