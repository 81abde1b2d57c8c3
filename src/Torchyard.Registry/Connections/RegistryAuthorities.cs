using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Http;
using Torchyard.Registry.Errors;

namespace Torchyard.Registry.Connections;

/// <summary>
/// Certificates of a registry that is signed by an authority of its own: <c>*.crt</c> in docker's and podman's directory for it
/// (docs.docker.com, "Verify repository client with certificates"; containers-certs.d(5)).
/// </summary>
internal static class RegistryAuthorities
{
    private const int MostBytes = 1 << 20;

    /// <summary>Judges its certificates; null to leave it to the system.</summary>
    /// <exception cref="TorchyardException">TY6014: a certificate cannot be read.</exception>
    public static RemoteCertificateValidationCallback? Judge(IReadOnlyList<string> directories, string registry)
    {
        var roots = new X509Certificate2Collection();
        foreach (var directory in directories.Select(one => Path.Combine(one, registry)).Where(Directory.Exists))
        {
            foreach (var file in Directory.EnumerateFiles(directory, "*.crt").Order(StringComparer.Ordinal))
            {
                Add(roots, file);
            }
        }

        return roots.Count == 0
            ? null
            : (_, certificate, chain, errors) => errors == SslPolicyErrors.None || PrivateRoots.Vouch(certificate, chain, errors, roots);
    }

    private static void Add(X509Certificate2Collection roots, string file)
    {
        try
        {
            var before = roots.Count;
            roots.ImportFromPem(RegularFile.ReadAllText(file, MostBytes));
            if (roots.Count == before)
            {
                throw RegistryErrors.BadAuthority(file, "there is no certificate in it");
            }
        }
        catch (Exception failure)
            when (failure is CryptographicException or IOException or UnauthorizedAccessException
                || failure is TorchyardException { Code: PlatformCodes.NotRegular or PlatformCodes.TooLarge }
            )
        {
            throw RegistryErrors.BadAuthority(file, failure.Message.TrimEnd('.'));
        }
    }
}
