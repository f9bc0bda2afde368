import { describe, expect, test } from 'vitest';
import { rewriteLinks, rewriteUrl } from '../../../../src/node/apiserver/routes/proxy/links.ts';

const prefix = '/api/v1/namespaces/default/pods/web/proxy';
const rewriting = { prefix, hosts: ['10.244.1.2:80', 'localhost:8001'] };

describe('a URL in an answer', () => {
  test.each([
    ['/page', `${prefix}/page`],
    ['/', `${prefix}/`],
    ['/a/b/?q=1#top', `${prefix}/a/b/?q=1#top`],
    ['http://10.244.1.2:80/page', `${prefix}/page`],
    ['//localhost:8001/page', `${prefix}/page`],
    ['http://10.244.1.2:80', `${prefix}/`],
    [`${prefix}/page`, `${prefix}/page`],
    ['page', 'page'],
    ['../page', '../page'],
    ['#top', '#top'],
    ['?q=1', '?q=1'],
    ['', ''],
    ['https://example.com/page', 'https://example.com/page'],
    ['mailto:a@example.com', 'mailto:a@example.com'],
    ['javascript:go()', 'javascript:go()'],
    ['data:image/png;base64,/9j/4', 'data:image/png;base64,/9j/4'],
  ])('%s becomes %s', (before, after) => {
    expect(rewriteUrl(before, rewriting)).toBe(after);
  });
});

describe('a page', () => {
  test.each([
    ['<a href="/x">test</a>', `<a href="${prefix}/x">test</a>`],
    ["<img alt='/x' SRC='/y.png'/>", `<img alt='/x' SRC='${prefix}/y.png'/>`],
    ['<form action=/post method=post>', `<form action=${prefix}/post method=post>`],
    ['<p title="/x">/x</p>', '<p title="/x">/x</p>'],
    ['<!-- <a href="/x"> -->', '<!-- <a href="/x"> -->'],
    [
      '<script src="/s.js">go(\'<a href="/x">\')</script><a href="/x">',
      `<script src="${prefix}/s.js">go('<a href="/x">')</script><a href="${prefix}/x">`,
    ],
    ['<script>a < b', '<script>a < b'],
    ['<a href="/x', '<a href="/x'],
    ['1 < 2 <a\n  href = "/x"\n>', `1 < 2 <a\n  href = "${prefix}/x"\n>`],
    ['<constructor href="/x"><a href=/x>', `<constructor href="/x"><a href=${prefix}/x>`],
    ['<a title="a>b" href="/x">', `<a title="a>b" href="${prefix}/x">`],
    ['<a href="/x?a=1&amp;b=2">', `<a href="${prefix}/x?a=1&amp;b=2">`],
    ['<a href="&#47;x&#x2f;y?a=1&b=2">', `<a href="${prefix}/x/y?a=1&#38;b=2">`],
    ['<a/href="/x"><a href="/y"href="/z">', `<a/href="${prefix}/x"><a href="${prefix}/y"href="${prefix}/z">`],
    [
      '<title><a href="/x"></title><iframe><a href="/x"></iframe>',
      '<title><a href="/x"></title><iframe><a href="/x"></iframe>',
    ],
    ['<!--> <a href="/x">', `<!--> <a href="${prefix}/x">`],
    ['<a href="/\u00c3\u00a0">', `<a href="${prefix}/\u00c3\u00a0">`],
  ])('%s becomes %s', (before, after) => {
    expect(rewriteLinks(before, rewriting)).toBe(after);
  });

  test('of a megabyte of unfinished tags takes no time that grows with the square', () => {
    const page = '<a href '.repeat(131_072);
    expect(rewriteLinks(page, rewriting)).toBe(page);
  });
});
