import argparse
import importer


def main(argv=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("path")
    parser.add_argument("--separator", default=";")
    parser.add_argument("--skip-bad", action="store_true")
    options = parser.parse_args(argv)
    importer.configure(separator=options.separator, skip_bad=options.skip_bad)
    for name, value in importer.run(options.path).items():
        print(name, value)


if __name__ == "__main__":
    main()
