using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Processes;

namespace Torchyard.Registry.Credentials;

/// <summary>
/// The logins of a user: those that <c>torchyard login</c> wrote, then podman's and docker's, in files and in helpers. Torchyard writes its
/// own file, or the helper that docker's settings name, and nothing else.
/// </summary>
/// <param name="places">Where they are.</param>
/// <param name="find">Finds helpers; null for those of this machine.</param>
public sealed class KnownLogins(CredentialPlaces places, Func<string, HostProgram?>? find = null)
{
    /// <summary>The login for a repository; null for none.</summary>
    /// <exception cref="TorchyardException">TY6012: a file or a helper that has to be asked fails.</exception>
    public async Task<RegistryLogin?> FindAsync(string registry, string? repository, CancellationToken cancellation)
    {
        foreach (var path in places.Others.Prepend(places.Own))
        {
            if (AuthFile.TryRead(path) is { } file && await FindAsync(file, registry, repository, cancellation) is { } login)
            {
                return login;
            }
        }

        return null;
    }

    /// <summary>Keeps a login.</summary>
    /// <returns>Where: a file, or null for a helper.</returns>
    /// <exception cref="TorchyardException">TY6012.</exception>
    public async Task<string?> AddAsync(string registry, RegistryLogin login, CancellationToken cancellation)
    {
        if (HelperOf(registry) is { } helper)
        {
            await helper.StoreAsync(registry, login, cancellation);
            return null;
        }

        await ChangeAsync(logins => logins[registry] = login, cancellation);
        return places.Own;
    }

    /// <summary>Forgets a login, in Torchyard's file and in the helper.</summary>
    /// <returns>Whether there was one, and which files of others still have one.</returns>
    /// <exception cref="TorchyardException">TY6012.</exception>
    public async Task<ForgottenLogin> RemoveAsync(string registry, CancellationToken cancellation)
    {
        var was = AuthFile.TryRead(places.Own)?.Logins.ContainsKey(registry) ?? false;
        if (was)
        {
            await ChangeAsync(logins => logins.Remove(registry), cancellation);
        }

        if (HelperOf(registry) is { } helper && await helper.GetAsync(registry, cancellation) is not null)
        {
            await helper.EraseAsync(registry, cancellation);
            was = true;
        }

        return new ForgottenLogin(
            was,
            [.. places.Others.Where(path => AuthFile.TryRead(path) is { } file && AuthKeys.Of(registry).Any(file.Logins.ContainsKey))]
        );
    }

    private CredentialHelper? HelperOf(string registry) =>
        AuthFile.TryRead(places.Docker) is { } docker && (docker.HelperOf(registry) ?? docker.Store) is { } helper
            ? new CredentialHelper(helper, docker.Path, find)
            : null;

    private async Task<RegistryLogin?> FindAsync(AuthFile file, string registry, string? repository, CancellationToken cancellation)
    {
        if (file.HelperOf(registry) is { } own)
        {
            return await new CredentialHelper(own, file.Path, find).GetAsync(registry, cancellation);
        }

        if (file.Store is { } store && await new CredentialHelper(store, file.Path, find).GetAsync(registry, cancellation) is { } kept)
        {
            return kept;
        }

        return AuthKeys
            .Of(registry, repository)
            .Select(key => file.Logins.GetValueOrDefault(key))
            .FirstOrDefault(login => login is not null);
    }

    private async Task ChangeAsync(Action<Dictionary<string, RegistryLogin>> change, CancellationToken cancellation)
    {
        StoreDirectory.Create(Path.GetDirectoryName(places.Own)!, StoreDirectory.OwnerOnly);
        using var held = await FileLock.AcquireAsync(places.Own + ".lock", exclusive: true, cancellation);
        var logins = AuthFile.TryRead(places.Own)?.Logins.ToDictionary() ?? [];
        change(logins);
        // By rename: a link in its place is replaced, and not followed.
        AtomicFile.Write(places.Own, AuthJson.File(logins), (UnixFileMode)FileModes.Private);
    }
}

/// <summary>What came of forgetting a login.</summary>
/// <param name="Was">There was one.</param>
/// <param name="StillIn">Files of other programs that have one.</param>
public sealed record ForgottenLogin(bool Was, IReadOnlyList<string> StillIn);
