using System.Text;
using Torchyard.Packages.Python.Indexes;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Packages.Python.Settings;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Processes;

namespace Torchyard.Packages.Python.Sources;

/// <summary>
/// Runs git for one source: with its credentials, over no transport but its own, and with nothing of the machine that changes content.
/// </summary>
internal sealed class GitSession(GitProgram git, IndexTransport transport, SourceReference source, CancellationToken cancellation)
{
    /// <summary>The source.</summary>
    public SourceReference Source => source;

    /// <summary>The repository as git is told of it, without credentials.</summary>
    public string Address => new UriBuilder(source.PublicUrl).Uri is { IsFile: true } file ? file.LocalPath : source.PublicUrl;

    /// <summary>True when nothing may be fetched.</summary>
    public bool IsOffline => transport.IsOffline;

    /// <summary>Refuses plain HTTP.</summary>
    public void RequireTransport()
    {
        if (source.Url.Scheme == Uri.UriSchemeHttp)
        {
            transport.RequireScheme(source.Url);
        }
    }

    /// <summary>Refuses to go on where the repository may not be asked.</summary>
    public void AskFirst()
    {
        if (IsOffline)
        {
            throw IndexProblem.Offline(source.Url);
        }
    }

    /// <summary>Runs git and refuses failure.</summary>
    /// <returns>What it printed.</returns>
    public async Task<string> RequireAsync(string repository, IReadOnlyList<string> arguments, string? input = null)
    {
        var result = await RunAsync(repository, arguments, input);
        return result.ExitCode == 0
            ? result.Output
            : throw SourceProblem.Git(
                source.Shown,
                result.Error.Trim() is { Length: > 0 } said ? said : $"git {arguments[0]} ended with exit status {result.ExitCode}"
            );
    }

    /// <summary>Runs git.</summary>
    /// <param name="repository">Its <c>--git-dir</c>.</param>
    /// <param name="arguments">Command and arguments.</param>
    /// <param name="input">Its standard input.</param>
    /// <param name="changes">More variables of its environment.</param>
    public async Task<CommandResult> RunAsync(
        string repository,
        IReadOnlyList<string> arguments,
        string? input = null,
        IReadOnlyDictionary<string, string>? changes = null
    )
    {
        var variables = Variables();
        foreach (var (name, value) in changes ?? new Dictionary<string, string>())
        {
            variables[name] = value;
        }

        try
        {
            return await git(
                [
                    "--git-dir",
                    repository,
                    "-c",
                    "core.hooksPath=/dev/null",
                    "-c",
                    "core.fsmonitor=false",
                    "-c",
                    "core.autocrlf=false",
                    "-c",
                    "core.eol=lf",
                    "-c",
                    "tar.umask=0022",
                    "-c",
                    "gc.auto=0",
                    "-c",
                    "maintenance.auto=false",
                    "-c",
                    "core.attributesFile=/dev/null",
                    .. arguments,
                ],
                variables,
                input,
                cancellation
            );
        }
        catch (TorchyardException failure) when (failure.Code == PlatformCodes.ProgramMissing)
        {
            throw SourceProblem.NoGit(source.Shown);
        }
    }

    private Dictionary<string, string?> Variables()
    {
        var variables = new Dictionary<string, string?>
        {
            ["GIT_DIR"] = null,
            ["GIT_WORK_TREE"] = null,
            ["GIT_INDEX_FILE"] = null,
            ["GIT_OBJECT_DIRECTORY"] = null,
            ["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = null,
            ["GIT_COMMON_DIR"] = null,
            ["GIT_NAMESPACE"] = null,
            ["GIT_CONFIG_PARAMETERS"] = null,
            ["GIT_TERMINAL_PROMPT"] = "0",
            ["LC_ALL"] = "C.UTF-8",
            // Above all settings: no ext::, no other program; a redirect cannot leave these either.
            ["GIT_ALLOW_PROTOCOL"] = source.Url.Scheme switch
            {
                "file" => "file",
                "http" => "http",
                _ => "https:ssh",
            },
        };
        if (source.Url.Scheme is "https" or "http" && CredentialOf(source.Url) is { } credential)
        {
            // In the environment, which other users do not see.
            var pair = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credential.User}:{credential.Password}"));
            variables["GIT_CONFIG_COUNT"] = "1";
            variables["GIT_CONFIG_KEY_0"] = $"http.{source.Url.GetLeftPart(UriPartial.Authority)}/.extraHeader";
            variables["GIT_CONFIG_VALUE_0"] = "Authorization: Basic " + pair;
        }

        return variables;
    }

    private HostCredential? CredentialOf(Uri url)
    {
        // A credential of the URL itself counts for its host, as for indexes.
        if (url.UserInfo.Length > 0)
        {
            transport.Credentials.Adopt(url.AbsoluteUri);
        }

        return transport.Credentials.Find(url);
    }
}
