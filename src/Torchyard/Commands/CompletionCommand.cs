using System.CommandLine;
using Torchyard.CommandLine;

namespace Torchyard.Commands;

/// <summary><c>torchyard completion SHELL</c>: the script that makes the Tab key know the verbs, options, images and containers.</summary>
internal sealed class CompletionCommand : Verb
{
    private const string Bash = """
        # Completion of torchyard for bash.
        _torchyard() {
            local line="${COMP_LINE:0:COMP_POINT}" candidate stops="="
            COMPREPLY=()
            # bash splits words at these, so only the part behind the last one is replaced.
            [[ "$COMP_WORDBREAKS" == *:* ]] && stops="=:"
            local typed="${line##*[[:space:]]}"
            local tail="${typed##*[$stops]}"
            local head="${typed%"$tail"}"
            while IFS= read -r candidate; do
                candidate="${candidate%%$'\t'*}"
                candidate="${candidate#"$head"}"
                [[ "$candidate" == "$tail"* ]] && COMPREPLY+=("$candidate")
            done < <("${COMP_WORDS[0]}" complete -- "$line" 2>/dev/null)
        }
        complete -o default -F _torchyard torchyard
        """;

    private const string Zsh = """
        #compdef torchyard
        # Completion of torchyard for zsh.
        _torchyard() {
            local -a candidates
            local line
            for line in "${(@f)$(${words[1]} complete -- "${BUFFER[1,CURSOR]}" 2>/dev/null)}"; do
                [[ -n "$line" ]] && candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
            done
            if (( ${#candidates} )); then
                _describe -t torchyard 'torchyard' candidates
            else
                _files
            fi
        }
        if [ "$funcstack[1]" = "_torchyard" ]; then
            _torchyard "$@"
        else
            compdef _torchyard torchyard
        fi
        """;

    private const string Fish = """
        # Completion of torchyard for fish.
        complete -c torchyard -a '(torchyard complete -- (commandline -cp))'
        """;

    private readonly Argument<string> _shell = new("shell") { Description = "bash, zsh or fish" };

    public CompletionCommand()
        : base("completion", VerbGroup.Program, "Print the completion script for a shell")
    {
        _shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        Arguments.Add(_shell);
        Details = """
            The script asks the program itself, so the Tab key knows the images, containers and
            presets that this machine has, and new verbs after an update.
            """;
        Examples =
        [
            new("eval \"$(torchyard completion bash)\"", "bash, for this session; put the line into ~/.bashrc to keep it"),
            new("torchyard completion zsh > \"${fpath[1]}/_torchyard\"", "zsh"),
            new("torchyard completion fish > ~/.config/fish/completions/torchyard.fish", "fish"),
        ];
    }

    public override Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        invocation.Screen.Line(
            invocation.Get(_shell) switch
            {
                "zsh" => Zsh,
                "fish" => Fish,
                _ => Bash,
            }
        );
        return Task.FromResult(ExitCode.Done);
    }
}
