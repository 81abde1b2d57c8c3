using Torchyard.Containers.Logs;
using Torchyard.Containers.Starting;
using Torchyard.Containers.State;
using Torchyard.Flows.Hosts;
using Torchyard.Flows.Projects;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;

namespace Torchyard.Flows.Naming;

/// <summary>A container and the words of a command line behind its name.</summary>
/// <param name="Session">The container.</param>
/// <param name="Words">What follows.</param>
internal sealed record NamedContainer(ContainerSession Session, IReadOnlyList<string> Words);

/// <summary>
/// Finds the container that somebody means: by its name or id; by the directory of its project, which has a slash in it or is <c>.</c>, as
/// no name does; and where nothing is named, by the directory that they are in.
/// </summary>
internal sealed class NamedContainers(Host host)
{
    // Of fewer digits many words of a command line are the start of an id: 'cc', 'ed', 'bc'.
    private const int ShortestStart = 4;

    /// <summary>The container that is meant.</summary>
    /// <param name="name">A name, an id, a project's directory; null for the project of the working directory.</param>
    /// <param name="cancellation">Ends the search.</param>
    /// <exception cref="TorchyardException">TY4040: there is no such container; TY4109: nothing is up in the directory.</exception>
    public async Task<ContainerInfo> FindAsync(string? name, CancellationToken cancellation)
    {
        var store = host.Containers();
        return name is null || IsPath(name)
            ? Preferred(await InAsync(name ?? ".", cancellation)) ?? throw NothingUp(name ?? ".", await store.ListAsync(cancellation))
            : await store.FindAsync(name, cancellation);
    }

    /// <summary>True for the name or id of a container, and for every path, which can be nothing else.</summary>
    public async Task<bool> IsOneAsync(string name, CancellationToken cancellation) =>
        IsPath(name) || Named(name, await host.Containers().ListAsync(cancellation)) is not null;

    /// <summary>A session with the container that is meant; see <see cref="FindAsync"/>.</summary>
    public async Task<ContainerSession> SessionAsync(string? name, CancellationToken cancellation) =>
        host.Session(await FindAsync(name, cancellation));

    /// <summary>Reads <c>[CONTAINER]</c> where a program might follow elsewhere.</summary>
    /// <exception cref="TorchyardException">As <see cref="FindAsync"/>; TY9001: there are more words.</exception>
    public async Task<ContainerSession> AloneAsync(IReadOnlyList<string> words, string command, CancellationToken cancellation) =>
        words.Count > 1
            ? throw new TorchyardException("TY9001", $"'{command}' does not take '{words[1]}'", "name a container, or nothing")
            {
                IsUsage = true,
            }
            : await SessionAsync(words.Count == 0 ? null : words[0], cancellation);

    /// <summary>
    /// Reads <c>[CONTAINER] PROGRAM ARGUMENT…</c>. The first word is the container where there is one of that name; else, where the
    /// environment of the working directory runs, all words are the program's.
    /// </summary>
    /// <param name="words">The words.</param>
    /// <param name="isProgram">True when they stand behind <c>--</c>, so that none of them is a container.</param>
    /// <param name="cancellation">Ends the search.</param>
    /// <exception cref="TorchyardException">As <see cref="FindAsync"/>; TY9001: there is no program.</exception>
    public async Task<NamedContainer> WithProgramAsync(IReadOnlyList<string> words, bool isProgram, CancellationToken cancellation)
    {
        if (words.Count == 0)
        {
            throw NoProgram("torchyard exec");
        }

        if (isProgram)
        {
            return new NamedContainer(await SessionAsync(null, cancellation), words);
        }

        var all = await host.Containers().ListAsync(cancellation);
        var first = words[0];
        var named = Named(first, all)
            // A directory of this machine cannot be a program; a file of that path may be one inside.
            ?? (IsPath(first) && Directory.Exists(host.Caller.FullPath(first)) ? await FindAsync(first, cancellation) : null);
        if (named is not null)
        {
            return Behind(named);
        }

        if (Preferred(await InAsync(".", cancellation)) is { IsRunning: true } own)
        {
            return new NamedContainer(host.Session(own), words);
        }

        return all.Any(c => first.Length > 1 && c.Record.Id.StartsWith(first, StringComparison.Ordinal))
            ? Behind(await host.Containers().FindAsync(first, cancellation))
            : throw new TorchyardException(
                "TY4040",
                $"there is no container '{first}', and nothing runs in {host.Caller.WorkingDirectory} that it could be a program of",
                ContainerStore.CureOf(first, all)
            );

        NamedContainer Behind(ContainerInfo container) =>
            words.Count > 1 ? new NamedContainer(host.Session(container), [.. words.Skip(1)]) : throw NoProgram($"torchyard exec {first}");
    }

    /// <summary>
    /// Reads <c>[CONTAINER] [SERVICE]</c>. A single word is the container where there is one of that name; else it is a service of the
    /// working directory's environment.
    /// </summary>
    /// <param name="first">The first word; null for none.</param>
    /// <param name="second">The second.</param>
    /// <param name="alone">True when no service can be meant, so that a single word is a container.</param>
    /// <param name="cancellation">Ends the search.</param>
    /// <exception cref="TorchyardException">As <see cref="FindAsync"/>; TY4061: there is neither.</exception>
    public async Task<NamedContainer> WithServiceAsync(string? first, string? second, bool alone, CancellationToken cancellation)
    {
        if (alone)
        {
            string[] words = [.. new[] { first, second }.OfType<string>()];
            return new NamedContainer(await AloneAsync(words, "torchyard logs --exec", cancellation), []);
        }

        if (first is null || second is not null || IsPath(first))
        {
            return new NamedContainer(await SessionAsync(first, cancellation), second is null ? [] : [second]);
        }

        var all = await host.Containers().ListAsync(cancellation);
        if (Named(first, all) is { } named)
        {
            return new NamedContainer(host.Session(named), []);
        }

        if (Preferred(await InAsync(".", cancellation)) is not { } own)
        {
            return new NamedContainer(host.Session(await host.Containers().FindAsync(first, cancellation)), []);
        }

        var session = host.Session(own);
        var services = ServiceLog.Names(session.ServiceLogDirectory);
        return services.Contains(first, StringComparer.Ordinal)
            ? new NamedContainer(session, [first])
            : throw new TorchyardException(
                ServiceLog.NoLog,
                $"there is no container '{first}', and {own.Record.Name}, the environment of this directory, has no log of a service of "
                    + "that name",
                KnownNames.Cure(
                    first,
                    services.Concat(all.Select(c => c.Record.Name)),
                    "leave the name out for the log of the environment itself",
                    "torchyard ps -a"
                )
            );
    }

    /// <summary>The containers of a project, newest first.</summary>
    private async Task<IReadOnlyList<ContainerInfo>> InAsync(string directory, CancellationToken cancellation)
    {
        var path = host.Caller.FullPath(directory);
        return Directory.Exists(path) ? await ProjectContainers.InAsync(host, path, cancellation) : [];
    }

    private static ContainerInfo? Named(string word, IReadOnlyList<ContainerInfo> all)
    {
        if (all.FirstOrDefault(c => c.Record.Name == word || c.Record.Id == word) is { } exact)
        {
            return exact;
        }

        var starting = word.Length < ShortestStart ? [] : all.Where(c => c.Record.Id.StartsWith(word, StringComparison.Ordinal)).ToList();
        return starting is [var only] ? only : null;
    }

    private static ContainerInfo? Preferred(IReadOnlyList<ContainerInfo> found) =>
        found.FirstOrDefault(c => c.IsRunning) ?? (found is [var newest, ..] ? newest : null);

    private static bool IsPath(string name) => name is "." or ".." || name.Contains('/', StringComparison.Ordinal);

    private TorchyardException NothingUp(string directory, IReadOnlyList<ContainerInfo> all)
    {
        var path = host.Caller.FullPath(directory);
        var isThere = Directory.Exists(path);
        var up = isThere ? "run 'torchyard up' there to start its environment" : "correct the path";
        return new(
            "TY4109",
            isThere ? $"nothing is up in {path}" : $"there is no directory {path}, so nothing is up in it",
            all.Count == 0 ? up : $"{up}, or {ContainerStore.CureOf("", all)}"
        );
    }

    private static TorchyardException NoProgram(string command) =>
        new("TY9001", $"'{command}' needs a program to run", "see 'torchyard exec --help'") { IsUsage = true };
}
