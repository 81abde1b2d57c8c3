using System.Globalization;
using System.Text;
using Torchyard.Supervisor.Events;
using Torchyard.Supervisor.Native;
using Torchyard.Supervisor.Services;
using IPAddress = System.Net.IPAddress;

namespace Torchyard.Supervisor.Preparation;

/// <summary>
/// Token and, beyond loopback, certificate of Jupyter. The token is only ever in a file that the container's user alone can read.
/// </summary>
internal sealed class JupyterPreparation(Places places, IReadOnlyDictionary<string, string> supervisorEnvironment)
{
    private const int TokenBytes = 24;

    private string? _tokenFile;

    public void Prepare(Service service, Dictionary<string, string> environment)
    {
        var run = places.Run ?? throw new ServiceStartException("Jupyter needs a writable /run/torchyard", permanent: true);
        _tokenFile ??= MakeToken(run);
        PosixFile.EnsureDirectory(run + "/jupyter", 0b111_000_000);
        environment["JUPYTER_TOKEN_FILE"] = _tokenFile;
        environment["JUPYTER_RUNTIME_DIR"] = run + "/jupyter";
        environment["TORCHYARD_JUPYTER_LISTEN"] = service.Listen;
        environment["TORCHYARD_JUPYTER_PORT"] = (service.Port ?? 0).ToString(CultureInfo.InvariantCulture);
        service.HasTls = !SocketAddress.IsLoopback(service.Listen);
        if (service.HasTls)
        {
            var (certificate, key) = EnsureCertificate(service.Listen, environment);
            environment["TORCHYARD_JUPYTER_CERTIFICATE"] = certificate;
            environment["TORCHYARD_JUPYTER_KEY"] = key;
        }
    }

    internal static unsafe string NewToken()
    {
        var random = stackalloc byte[TokenBytes];
        if (Libc.Random(random, TokenBytes, 0) != TokenBytes)
        {
            throw PosixException.Last("getrandom");
        }

        return Convert.ToHexStringLower(new ReadOnlySpan<byte>(random, TokenBytes));
    }

    private string MakeToken(string run)
    {
        var given = supervisorEnvironment.GetValueOrDefault("TORCHYARD_JUPYTER_TOKEN_FILE");
        if (given is not null && PosixFile.Exists(given))
        {
            if (PosixFile.Read(given, 4096).Length == 0)
            {
                throw new ServiceStartException(
                    $"TORCHYARD_JUPYTER_TOKEN_FILE names {given}, which is empty: Jupyter would run without a token",
                    permanent: true
                );
            }

            return given;
        }

        var path = given ?? run + "/jupyter-token";
        // Without a line end: Jupyter takes the file as it is.
        var token = supervisorEnvironment.GetValueOrDefault("JUPYTER_TOKEN") is { Length: > 0 } chosen ? chosen : NewToken();
        PosixFile.Write(path, Encoding.UTF8.GetBytes(token), 0b110_000_000);
        return path;
    }

    private (string Certificate, string Key) EnsureCertificate(string listen, Dictionary<string, string> environment)
    {
        var state = places.State
            ?? throw new ServiceStartException("Jupyter needs a writable /var/lib/torchyard for its certificate", permanent: true);
        var directory = state + "/tls";
        var (certificate, key) = (directory + "/certificate.pem", directory + "/key.pem");
        if (PosixFile.Exists(certificate) && PosixFile.Exists(key))
        {
            return (certificate, key);
        }

        PosixFile.EnsureDirectory(directory, 0b111_000_000);
        var names = "DNS:localhost,IP:127.0.0.1";
        if (
            environment.GetValueOrDefault("HOSTNAME") is { Length: > 0 } host
            && host.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.')
        )
        {
            names += ",DNS:" + host;
        }

        if (IPAddress.TryParse(listen, out var address) && !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any))
        {
            names += ",IP:" + address;
        }

        Helper.Run(
            [
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
                "-days",
                "3650",
                "-subj",
                "/CN=torchyard",
                "-addext",
                "subjectAltName=" + names,
                "-keyout",
                key + ".new",
                "-out",
                certificate + ".new",
            ],
            ServiceEnvironment.Lines(environment),
            "Jupyter listens beyond loopback and needs it for its certificate: add the package openssl to the recipe"
        );
        if (Libc.Rename(key + ".new", key) != 0 || Libc.Rename(certificate + ".new", certificate) != 0)
        {
            throw PosixException.Last("cannot keep the certificate in " + directory);
        }

        return (certificate, key);
    }
}
