"""Writes `chat_features.json`: what transformers makes of features of Jinja in chat templates.

    python make_chat_features_golden.py      (transformers 5.24.0, jinja2 as it brings it)

Each case: `template`, and the `text` that transformers renders for `messages`, or `error` true where it fails. The message is
`content`, an emoji and a letter between two white spaces of Unicode.
"""
import json, os, warnings

from transformers.utils.chat_template_utils import render_jinja_template

HERE = os.path.dirname(os.path.abspath(__file__))
MESSAGES = [{"role": "user", "content": "\u0085\U0001f600a\ufeff"}, {"role": "assistant", "content": "  It's \"so\"\n"}]
C = "messages[0].content"
TEMPLATES = [
    "{{ true }}|{{ false }}|{{ none }}|{{ None }}|{{ True }}", "{{ [1, 'a', true, none, 2.5] }}", "{{ (1,) }}{{ (1, 'x') }}", "{{ {'a': [1], 'b': false} }}",
    "{{ ['it\\'s', \"q\\\"\", 'a\\\\b'] }}", "{{ missing }}|{{ missing.part }}", "{{ missing }}|", "{{ none ~ 1 ~ true ~ 'x' ~ missing }}", "{{ 'a' + 1 }}",
    "{{ 1 + 'a' }}", "{{ 'a' + 'b' }}", "{{ 'a' + none }}", "{{ -7 % 3 }}|{{ 7 % -3 }}|{{ 7 % 3 }}|{{ -6 % 3 }}|{{ 7.5 % 2 }}", "{{ -7 // 2 }}|{{ 7 // 2 }}", "{{ 1 / 0 }}", "{{ 1 // 0 }}",
    "{{ 1 % 0 }}", "{{ 7 / 2 }}|{{ 4 / 2 }}", "{{ 2 ** 10 }}", "{{ " + C + "|length }}", "{{ " + C + "[1] }}", "{{ " + C + "[-1] }}|", "{{ " + C + "[9] }}|", "{{ " + C + "[1:3] }}",
    "{{ " + C + "|trim }}|", "{{ " + C + ".strip() }}|", "{{ " + C + ".lstrip() }}|", "{{ " + C + ".rstrip() }}|", "{{ messages[1].content.strip() }}|", "{{ messages[1].content|trim }}|",
    "{{ '**x*'.strip('*') }}|{{ 'xxabxx'.lstrip('x') }}|{{ 'xxabxx'.rstrip('xb') }}", "{{ ' a '.strip(none) }}|", "{{ 1 == '1' }}|{{ 1 == 1.0 }}|{{ true == 1 }}|{{ '1' == '1' }}|{{ none == false }}",
    "{{ [1, [2]] == [1, [2]] }}|{{ [1] == [2] }}|{{ {'a': 1} == {'a': 1.0} }}|{{ [1] != [1] }}", "{{ 1 in [true] }}|{{ '1' in [1] }}|{{ [1] in [[1]] }}|{{ 'a' not in ['b'] }}", "{{ 'a' in 'abc' }}|{{ 'x' not in 'abc' }}",
    "{{ 'a' in {'a': 1} }}", "{{ 1 < 2 }}|{{ 2 <= 1 }}", "{{ 'a' < 'b' }}", "{{ 'ab' * 2 }}", "{{ '%s' % 'x' }}", "{{ [1] + [2] }}", "{{ [1, 2]|join(', ') }}|{{ [true, none, 'x']|join }}", "{{ ['a', 'b']|join('-') }}",
    "{{ 5|string + 'x' }}|{{ true|string }}", "{{ [1, 2]|length }}|{{ {}|length }}", "{{ 'abc'.length }}|", "{{ 'abc'|upper }}|{{ 'ABC'|lower }}|{{ 'abc def'|title }}|{{ 'abc'|capitalize }}", "{{ 'a,b'.split(',') }}",
    "{{ 'a b'.split() }}", "{{ 'abc'.startswith('a') }}|{{ 'abc'.endswith('b') }}", "{{ 'aXbX'.replace('X', '-') }}|{{ 'aXb'|replace('X', 'y') }}", "{{ {'a': 1}|tojson }}|{{ [true, none, 'é']|tojson }}", "{{ '<b>&'|tojson }}|{{ '<b>&'|e }}",
    "{% for m in messages %}{{ loop.index }}{{ loop.first }}{{ loop.last }},{% endfor %}", "{% for k, v in {'a': 1}.items() %}{{ k }}={{ v }}{% endfor %}", "{% set x = true %}{{ x }}{% if x is true %}yes{% endif %}", "{{ messages|selectattr('role', 'equalto', 'user')|list|length }}",
    "{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}", "{{ 'x' if true else 'y' }}|{{ 'x' if false }}|", "{{ x is defined }}|{{ x is none }}|{{ 'a' is string }}|{{ 1 is number }}", "{{ not [] }}|{{ not 'a' }}|{{ [] or 'z' }}|{{ 'a' and 0 }}",
    "{% macro m(a, b=true) %}{{ a }}:{{ b }}{% endmacro %}{{ m(1) }}{{ m('x', none) }}", "{{ raise_exception('no') }}", "{{ range(3)|list }}|{{ range(1, 6, 2)|list }}", "{{ 1.0 }}|{{ 0.1 }}|{{ 1e3 }}|{{ 2.50 }}", "{{ 1.5|int }}|{{ '12'|int }}|{{ 'x'|int }}|{{ true|int }}", "{{ missing|default('d') }}|{{ ''|default('d', true) }}|{{ none|default('d') }}",
    "{{ [3, 1, 2]|sort }}|{{ [1, 2]|first }}|{{ [1, 2]|last }}|{{ [1, 2]|reverse|list }}", "{{ {'b': 1, 'a': 2}|dictsort }}", "{{ ['a', 'b']|map('upper')|list }}", "{{ 'a\\nb'|indent(2) }}", "{{ messages[0]['nope'] }}|{{ messages[0].nope }}|", "{{ messages[0].nope.x }}", "{{ messages[5] }}|",
    "{{ [1, 2][-1] }}|{{ [1, 2][5] }}|", "{{ [1, 2, 3][::-1] }}|{{ 'abc'[::-1] }}", "{% for x in [1, 2, 3] if x > 1 %}{{ x }}{% else %}none{% endfor %}", "{% for x in [] %}{{ x }}{% else %}none{% endfor %}", "{% for c in 'aé' %}{{ c }},{% endfor %}", "{% for x in [1, 2, 3] %}{% if x == 2 %}{% continue %}{% endif %}{{ x }}{% endfor %}",
    "{{ none.x }}|", "{{ messages[0] }}", "{{ [missing] }}", "{{ 10000000000000000000000 }}", "{{ 1e22 }}|{{ 0.00001 }}", "{{ -0.0 }}|{{ 3 - 5 }}|{{ 2 * 1.5 }}", "{{ true + 1 }}|", "{{ '\u00df'|upper }}", "{{ [1, 'b']|string }}", "{{ 'abc'|list }}|{{ 'abc'|first }}",
    "{{ messages|length ~ ' messages' }}", "{{ messages|map(attribute='role')|join(',') }}", "{%- if messages %}  a\n  {%- endif %}\nb", "{# c #}x", "{{ 'a' ~ 1.0 }}", "{{ strftime_now is defined }}",
]


def main():
    cases = []
    for template in TEMPLATES:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                texts, _ = render_jinja_template(conversations=[MESSAGES], chat_template=template)
            cases.append(dict(template=template, text=texts[0]))
        except Exception as error:
            print(template, "->", type(error).__name__, str(error)[:80])
            cases.append(dict(template=template, error=True))
    with open(os.path.join(HERE, "chat_features.json"), "w") as out:
        json.dump(dict(messages=MESSAGES, cases=cases), out, ensure_ascii=True, indent=0)
        out.write("\n")


if __name__ == "__main__":
    main()
