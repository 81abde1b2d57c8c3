using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Registry.Errors;

namespace Torchyard.Registry.Mirrors;

/// <summary>A token of a mirror, as its file has it: who got it, and what it allows; of itself only the hash.</summary>
public sealed record MirrorToken
{
    /// <summary>What it is called.</summary>
    public required string Name { get; init; }

    /// <summary>True when it allows to push and delete.</summary>
    public required bool Write { get; init; }

    /// <summary>First parts of the names of repositories that it is for; null for all.</summary>
    public string? Repositories { get; init; }

    /// <summary>SHA-256 of the token, which has 256 bits of chance: nobody finds it from this.</summary>
    public required string Sha256 { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>True for a repository that it is for.</summary>
    public bool Covers(string repository)
    {
        ArgumentNullException.ThrowIfNull(repository);
        return Repositories is null || repository == Repositories || repository.StartsWith(Repositories + "/", StringComparison.Ordinal);
    }
}

/// <summary>The tokens of a mirror.</summary>
public static class MirrorTokens
{
    private const string Prefix = "tym_";
    private const int Bytes = 32;
    private const int LongestName = 64;

    private static readonly RecordFormat<MirrorTokenFile> Format = new(MirrorTokenJson.Default.MirrorTokenFile, static file =>
        file.Tokens.Any(token => token.Sha256.Length != 2 * SHA256.HashSizeInBytes) ? "has a token without its hash" : null
    );

    /// <summary>Reads a file; none is one without tokens.</summary>
    /// <exception cref="TorchyardException">TY6042: it cannot be read.</exception>
    public static IReadOnlyList<MirrorToken> Read(string path)
    {
        var read = Format.Read(path);
        return read.Value?.Tokens ?? (read.Damage is { } damage ? throw RegistryErrors.BadTokens(path, damage) : []);
    }

    /// <summary>Makes a token.</summary>
    /// <param name="path">The file.</param>
    /// <param name="token">What it is called and allows.</param>
    /// <param name="cancellation">Ends the wait for another who changes the file.</param>
    /// <returns>The token, which is kept nowhere.</returns>
    /// <exception cref="TorchyardException">TY6043: it cannot be called so.</exception>
    public static async Task<string> AddAsync(string path, MirrorTokenRequest token, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(token);
        if (
            token.Name.Length is 0 or > LongestName
            || !token.Name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.')
        )
        {
            throw RegistryErrors.BadTokenName(token.Name, "a name has letters, digits, '-', '_' and '.'");
        }

        var secret = Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));
        await ChangeAsync(
            path,
            tokens =>
                tokens.Any(one => one.Name == token.Name)
                    ? throw RegistryErrors.BadTokenName(token.Name, "there is a token of that name")
                    :
                    [
                        .. tokens,
                        new MirrorToken
                        {
                            Name = token.Name,
                            Write = token.Write,
                            Repositories = token.Repositories?.Trim('/'),
                            Sha256 = HashOf(secret),
                            Created = token.Now,
                        },
                    ],
            cancellation
        );
        return secret;
    }

    /// <summary>Takes a token away.</summary>
    /// <exception cref="TorchyardException">TY6043: there is none of that name.</exception>
    public static Task RemoveAsync(string path, string name, CancellationToken cancellation) =>
        ChangeAsync(
            path,
            tokens =>
                tokens.Any(one => one.Name == name)
                    ? [.. tokens.Where(one => one.Name != name)]
                    : throw RegistryErrors.BadTokenName(name, "there is no token of that name"),
            cancellation
        );

    /// <summary>Finds the token that somebody sent; null for one that is not there.</summary>
    public static MirrorToken? Find(IReadOnlyList<MirrorToken> tokens, string secret)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        var hash = Encoding.ASCII.GetBytes(HashOf(secret));
        MirrorToken? found = null;
        foreach (var token in tokens)
        {
            found = CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(token.Sha256), hash) ? token : found;
        }

        return found;
    }

    private static string HashOf(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    private static async Task ChangeAsync(
        string path,
        Func<IReadOnlyList<MirrorToken>, IReadOnlyList<MirrorToken>> change,
        CancellationToken cancellation
    )
    {
        StoreDirectory.Create(Path.GetDirectoryName(path)!, StoreDirectory.OwnerOnly);
        using var held = await FileLock.AcquireAsync(path + ".lock", exclusive: true, cancellation);
        var file = new MirrorTokenFile { Tokens = change(Read(path)) };
        AtomicFile.Write(
            path,
            JsonSerializer.SerializeToUtf8Bytes(file, MirrorTokenJson.Default.MirrorTokenFile),
            (UnixFileMode)FileModes.Private
        );
        // A mirror that is a service has a user of its own, who has to read what root wrote.
        if (
            StatusCalls.TryRead(At.CurrentDirectory, Path.GetDirectoryName(path)!, 0, out var directory)
            && directory.User != UserCalls.EffectiveUser()
        )
        {
            _ = OwnerCalls.SetOfLink(path, directory.User, directory.Group);
        }
    }
}

/// <summary>A token that is to be made.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Write">It allows to push and delete.</param>
/// <param name="Repositories">Which it is for; null for all.</param>
/// <param name="Now">When it is made.</param>
public sealed record MirrorTokenRequest(string Name, bool Write, string? Repositories, DateTimeOffset Now);

internal sealed record MirrorTokenFile
{
    public required IReadOnlyList<MirrorToken> Tokens { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false,
    WriteIndented = true
)]
[JsonSerializable(typeof(MirrorTokenFile))]
internal sealed partial class MirrorTokenJson : JsonSerializerContext;
