import './trusted-types';
import './fonts.css';
import './app.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { notFound, routes } from './lib/routes';
import { router } from './lib/router.svelte';
import { session } from './lib/session.svelte';

const target = document.getElementById('app');
if (!target) throw new Error('the page has no place to stand');

void session.start().finally(() => router.start(routes, notFound));
mount(App, { target });

if ('serviceWorker' in navigator && import.meta.env.PROD) {
  // Without it the page works, only not offline.
  navigator.serviceWorker.register('/sw.js').catch(() => undefined);
}
