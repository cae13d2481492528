import { type CompletedCommand, modelKeys } from './completed-commands.js'

/** The completion of fish, to be sourced. */
export function fishCompletion(commands: readonly CompletedCommand[], models: readonly string[]): string {
  const lines = commands.flatMap(({ name, options, words }) => [
    ...(words.length === 0
      ? []
      : [`complete -c saeval -n '__saeval_after ${name}' -f -a '(__saeval_words ${words.join(' ')})'`]),
    ...options.flatMap(({ flags, description, takes, words }) => {
      const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`))
      const offered = words.length === 0 ? '' : ` -a '(__saeval_words ${words.join(' ')})'`
      const one = takes === 'one' || takes === 'many' ? (words.length === 0 ? ' -r' : ' -x') : ''
      const more = takes === 'many' || takes === 'maybe'
      return [
        `complete -c saeval -n '__saeval_in ${name}' ${names.join(' ')} -d '${escaped(description)}'${one}${one ? offered : ''}`,
        ...(more && words.length > 0
          ? [`complete -c saeval -n '__saeval_after ${name} ${flags.join(' ')}' -f${offered}`]
          : []),
      ]
    }),
  ])
  return `# fish completion of saeval, made by "saeval completion fish"
set -g __saeval_models ${models.join(' ')}

# the command that is typed; flags without one mean run
function __saeval_in
    set -l typed (commandline -opc)
    test (count $typed) -gt 1; or return 1
    set -l command $typed[2]
    string match -q -- '-*' $command; and set command run
    test $command = $argv[1]
end

# whether the last flag is one of these, or there is none
function __saeval_after
    __saeval_in $argv[1]; or return 1
    set -l last
    for word in (commandline -opc)[2..]
        string match -q -- '-*' $word; and set last $word
    end
    if test (count $argv) -eq 1
        test -z "$last"
    else
        contains -- "$last" $argv[2..]
    end
end

# of words with commas the last part, of name=value the value
function __saeval_words
    set -l typed (commandline -ct)
    set -l key (string match -r -g -- '([^,=]*)=[^,=]*$' $typed)
    if test -n "$key"; and contains -- $key ${modelKeys.join(' ')}
        string replace -r '[^=]*$' '' -- $typed | read -l head
        printf '%s\\n' $head$__saeval_models
        return
    end
    test -n "$key"; and return
    set -l head (string replace -r '[^,]*$' '' -- "$typed")
    printf '%s\\n' $head$argv
end

complete -c saeval -n 'test (count (commandline -opc)) -eq 1' -f
${commands.map(({ name, description }) => `complete -c saeval -n 'test (count (commandline -opc)) -eq 1' -f -a ${name} -d '${escaped(description)}'`).join('\n')}
${lines.join('\n')}
`
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")
}
