using Torchyard.Platform.Files;

namespace Torchyard.Flows.Hosts;

/// <summary>Who calls the program, from where: all that flows and verbs may take from the process around them.</summary>
internal sealed record Caller
{
    /// <summary>Looks up an environment variable.</summary>
    public required Func<string, string?> Variable { get; init; }

    /// <summary>Names of all environment variables.</summary>
    public Func<IReadOnlyCollection<string>> VariableNames { get; init; } = () => [];

    /// <summary>The working directory at the start.</summary>
    public required WorkingPlace Place { get; init; }

    /// <summary>Absolute working directory at the start.</summary>
    /// <exception cref="Torchyard.Platform.Errors.TorchyardException">TY9031: it cannot be used.</exception>
    public string WorkingDirectory => Place.Directory;

    /// <summary>Effective user id.</summary>
    public required uint UserId { get; init; }

    /// <summary>Clock.</summary>
    public required TimeProvider Clock { get; init; }

    /// <summary>True for effective user id 0.</summary>
    public bool IsRoot => UserId == 0;

    /// <summary>What HOME says: where paths with <c>~/</c> are, and the settings of other programs, as those read them.</summary>
    public string Home => Variable("HOME") is { } home && home.StartsWith('/') ? home : HomeDirectory.Listed ?? "/";

    /// <summary>
    /// The home directory of the user as whom this runs, which is HOME unless that belongs to somebody else, as after <c>sudo -E</c>. What
    /// Torchyard keeps there, changes or takes for this user's word is found by this alone.
    /// </summary>
    public string OwnHome => HomeDirectory.Own(Home);

    /// <summary>This user's directories; where HOME is another's, the variables that name them are the other's too.</summary>
    public BaseDirectories OwnDirectories =>
        OwnHome is var own && own == Home ? BaseDirectories.Of(Variable, own) : BaseDirectories.Of(static _ => null, own);

    /// <summary>The store that is used without <c>--store</c>.</summary>
    public StorePaths DefaultStore =>
        Variable("TORCHYARD_STORE") is { Length: > 0 } given ? new StorePaths(FullPath(given)) : StorePaths.Default(IsRoot, OwnDirectories);

    /// <summary>Tells whether the value of a variable is the text that it was read as.</summary>
    public Func<string, string, bool> IsText { get; init; } = (_, _) => true;

    /// <summary>A variable whose value goes on into a container.</summary>
    /// <exception cref="Torchyard.Platform.Errors.TorchyardException">TY9032: it is not UTF-8, so another value would arrive.</exception>
    public string? Text(string name) =>
        Variable(name) is not { } value || IsText(name, value)
            ? Variable(name)
            : throw new Torchyard.Platform.Errors.TorchyardException(
                "TY9032",
                $"the variable {name} is not UTF-8, so another value would be passed on",
                $"set it in UTF-8, or write it: -e {name}=VALUE"
            )
            {
                IsUsage = true,
            };

    /// <summary>An absolute path from one that the user gave.</summary>
    public string FullPath(string path) => Path.GetFullPath(path, path.StartsWith('/') ? "/" : WorkingDirectory);
}
