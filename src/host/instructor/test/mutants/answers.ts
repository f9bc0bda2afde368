// Wrong answers: each other choice of a question, and texts that no cluster shows.
import { isQuestion, type Question } from '../../../grade/checks/answer.ts';
import { gradeLab } from '../../../grade/engine.ts';
import { judge } from '../again.ts';
import type { Course } from '../course.ts';
import { drawFrom } from '../sample.ts';

const nowhere = ['labs-test', '192.0.2.77', '987654321'];

/** Nothing is kept: the student's progress is only imagined. */
export const tryAnswers = async (course: Course): Promise<void> => {
  const { lab, say, tasks, language, signal, sample } = course;
  const all = tasks.flatMap((task) => task.checks.filter(isQuestion).map((check) => ({ task: task.id, check })));
  const questions = drawFrom(all, sample, ({ task, check }) => `${task}/${check.id}`);
  if (questions.length === 0) return;
  await course.part('mutants answers', say.mutants(say.groups.answers), async () => {
    const before = course.tried.length;
    const { access, progress } = course.bench.site;
    const student = await progress.read();
    const others = questions.map(({ task, check }) => {
      const id = `${task}/${check.id}`;
      return { task, id, wrong: otherAnswers(check, student.answers[id] ?? '') };
    });
    for (let round = 0; others.some(({ wrong }) => round < wrong.length); round += 1) {
      const given = others.flatMap(({ task, id, wrong }) => {
        const answer = wrong[round];
        return answer === undefined ? [] : [{ task, id, answer }];
      });
      const answers = { ...student.answers, ...Object.fromEntries(given.map(({ id, answer }) => [id, answer])) };
      const imagined = { ...student, answers };
      const ids = [...new Set(given.map(({ task }) => task))];
      const report = await gradeLab({ lab, access, progress: imagined, tasks: ids, language, once: true, signal });
      for (const { task, id, answer } of given) {
        const check = report.tasks.find((each) => each.id === task)?.checks.find((each) => `${task}/${each.id}` === id);
        // What waits for another question was not judged.
        if (!check || check.outcome === 'blocked') continue;
        judge(course, { task, what: say.answer(id, answer), outcomes: new Map([[id, check]]) });
      }
    }
    const tried = course.tried.slice(before);
    return say.killed(tried.filter(({ result }) => result === 'killed').length, tried.length);
  });
};

const otherAnswers = ({ choices }: Question, right: string): readonly string[] =>
  choices.length > 0 ? choices.map(({ id }) => id).filter((id) => id !== right) : nowhere;
