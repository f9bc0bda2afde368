// The route check: a place's routing table has a route.
import * as z from 'zod';
import type { RouteFact } from '../../../api/facts.ts';
import { isMatch, type TextMatch } from '../match.ts';
import { english as en } from '../say/en.ts';
import { korean as ko } from '../say/ko.ts';
import { match, place } from './fields.ts';
import { checkKind } from './kind.ts';
import { lookAt } from './look.ts';

const english = {
  routeExpected: (on: string, to: string, via: string | undefined, device: TextMatch | undefined) =>
    `${en.where(on)} has a route to ${to}${via ? ` via ${via}` : ''}${device ? ` dev ${device}` : ''}`,
  noRoute: (place: string, to: string) => `${place} has no route to ${to}`,
};

const korean: typeof english = {
  routeExpected: (on, to, via, device) =>
    `${ko.where(on)}에 ${to} 경로가 있음${via ? `, via ${via}` : ''}${device ? `, dev ${device}` : ''}`,
  noRoute: (place, to) => `${place}에 ${to} 경로가 없음`,
};

export const routeCheck = checkKind({
  type: 'route',
  summary: 'A place has a route.',
  fields: {
    on: place,
    to: z.string().meta({ description: 'A network, or default.', examples: ['10.244.2.0/24', 'default'] }),
    via: z
      .string()
      .exactOptional()
      .meta({ description: 'The address of the next hop.', examples: ['192.168.56.12'] }),
    device: match.exactOptional().meta({ description: 'The interface.', examples: ['eth0'] }),
  },
  words: { en: english, ko: korean },
  expected: ({ on, to, via, device }, say) => say.routeExpected(on, to, via, device),
  judge(check, view, say) {
    const { to, via } = check;
    return view.places.each(check.on, (place) => {
      const { routes = [] } = view.facts.at(place, 'routes');
      const found = routes.filter(({ destination }) => destination === to);
      return {
        holds: found.some(
          ({ gateway, device }) =>
            (via === undefined || gateway === via) &&
            (check.device === undefined || isMatch(check.device, device ?? '')),
        ),
        observed:
          found.length === 0 ? say.noRoute(place.label, to) : `${place.label}: ${found.map(routeWords).join('; ')}`,
        hint: lookAt(place, 'ip route', say),
      };
    });
  },
});

/** The route as `ip route` shows it. */
const routeWords = ({ destination, gateway, device, type }: RouteFact): string =>
  [type === 'unicast' ? '' : type, destination, gateway && `via ${gateway}`, device && `dev ${device}`]
    .filter(Boolean)
    .join(' ');
