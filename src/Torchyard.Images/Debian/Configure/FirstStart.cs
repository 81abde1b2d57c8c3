using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Torchyard.Images.Debian.Configure;

/// <summary>
/// What a package's scripts make of chance or of the moment, for one machine: it is taken out of the image, and made when a container of it
/// starts first as root.
/// </summary>
internal sealed record FirstStartStep
{
    /// <summary>The package.</summary>
    internal required string Package { get; init; }

    /// <summary>Absolute path that the step makes; without it the step is to run.</summary>
    internal required string Makes { get; init; }

    /// <summary>Paths that are taken out of the image, directories with all that is in them.</summary>
    internal IReadOnlyList<string> Removed { get; init; } = [];

    /// <summary>Directories that stay, without what is in them.</summary>
    internal IReadOnlyList<string> Emptied { get; init; } = [];

    /// <summary>Shell text that makes it; silent when all is well.</summary>
    internal required string Command { get; init; }

    /// <summary>Why it is not in the image.</summary>
    internal required string Why { get; init; }
}

/// <summary>The packages whose secrets and databases belong to a container and not to an image; docs/images.md lists them.</summary>
internal static class FirstStart
{
    /// <summary>What the supervisor reads; docs/supervisor.md describes it.</summary>
    internal const string DocumentPath = "etc/torchyard/first-start.json";

    private const string PostgresqlPrefix = "postgresql-";
    private const string MariadbPrefix = "mariadb-server";

    private static readonly FirstStartStep[] Steps =
    [
        new()
        {
            Package = "ssl-cert",
            Makes = "/etc/ssl/private/ssl-cert-snakeoil.key",
            Removed = ["etc/ssl/private/ssl-cert-snakeoil.key", "etc/ssl/certs/ssl-cert-snakeoil.pem"],
            Command = "make-ssl-cert generate-default-snakeoil --force-overwrite >/dev/null 2>&1",
            Why = "a private key, and its certificate",
        },
        new()
        {
            Package = "munge",
            Makes = "/etc/munge/munge.key",
            Removed = ["etc/munge/munge.key"],
            Command = "mungekey -c && chown munge:munge /etc/munge/munge.key",
            Why = "a secret that lets programs act as any user",
        },
        new()
        {
            Package = "bind9",
            Makes = "/etc/bind/rndc.key",
            Removed = ["etc/bind/rndc.key"],
            Command = "rndc-confgen -a >/dev/null 2>&1 && chown bind:bind /etc/bind/rndc.key && chmod 640 /etc/bind/rndc.key",
            Why = "a secret that controls the server",
        },
        new()
        {
            Package = "slapd",
            Makes = "/etc/ldap/slapd.d/cn=config.ldif",
            Removed = ["etc/ldap/slapd.d"],
            Emptied = ["var/lib/ldap"],
            // Its script would start the server.
            Command = """
                p=/usr/sbin/policy-rc.d
                [ -e $p ] || { printf '#!/bin/sh\nexit 101\n' >$p && chmod 755 $p && trap 'rm -f $p' EXIT; }
                dpkg-reconfigure -f noninteractive slapd >/dev/null 2>&1
                """,
            Why = "a directory with identifiers and times of its own, and a password's hash",
        },
    ];

    /// <summary>
    /// The steps of the packages that an image has, in the order in which they run: certificates before the databases that use them.
    /// </summary>
    internal static IReadOnlyList<FirstStartStep> Of(IEnumerable<string> packages)
    {
        var names = packages.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        return
        [
            .. Steps.Where(step => names.Contains(step.Package, StringComparer.Ordinal)),
            .. names.Select(Database).OfType<FirstStartStep>(),
        ];
    }

    /// <summary>
    /// The steps whose results are taken out of what a stage changed: of its packages, and all that make single files, since a script of
    /// another package may make one that is missing.
    /// </summary>
    internal static IReadOnlyList<FirstStartStep> TakenOut(IEnumerable<string> packages) =>
        [.. Steps, .. packages.Distinct(StringComparer.Ordinal).Select(Database).OfType<FirstStartStep>()];

    /// <summary>The document for the supervisor.</summary>
    internal static byte[] Document(IReadOnlyList<FirstStartStep> steps)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var options = new JsonWriterOptions
        {
            Indented = true,
            NewLine = "\n",
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        };
        using (var json = new Utf8JsonWriter(buffer, options))
        {
            json.WriteStartObject();
            json.WriteNumber("version", 1);
            json.WriteStartArray("steps");
            foreach (var step in steps)
            {
                json.WriteStartObject();
                json.WriteString("name", step.Package);
                json.WriteString("makes", step.Makes);
                json.WriteString("command", step.Command);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return [.. buffer.WrittenSpan, (byte)'\n'];
    }

    private static FirstStartStep? Database(string package)
    {
        if (
            package.StartsWith(PostgresqlPrefix, StringComparison.Ordinal)
            && package[PostgresqlPrefix.Length..] is { Length: > 0 } version
            && version.All(char.IsAsciiDigit)
        )
        {
            return new FirstStartStep
            {
                Package = package,
                Makes = $"/etc/postgresql/{version}/main/postgresql.conf",
                Removed =
                [
                    $"etc/postgresql/{version}",
                    $"var/lib/postgresql/{version}",
                    $"var/log/postgresql/postgresql-{version}-main.log",
                ],
                Command = $"pg_createcluster {version} main >/dev/null",
                Why = "a cluster with an identifier and times of its own",
            };
        }

        // mariadb-server, and mariadb-server-10.5 of Debian 11.
        return
            package == MariadbPrefix
            || (package.StartsWith(MariadbPrefix + "-", StringComparison.Ordinal) && char.IsAsciiDigit(package[MariadbPrefix.Length + 1]))
            ? new FirstStartStep
            {
                Package = package,
                Makes = "/var/lib/mysql/mysql",
                Emptied = ["var/lib/mysql"],
                Command =
                    "TMPDIR= bash mariadb-install-db --rpm --cross-bootstrap --user=mysql --disable-log-bin --skip-test-db >/dev/null 2>&1",
                Why = "a database with identifiers and times of its own",
            }
            : null;
    }
}
