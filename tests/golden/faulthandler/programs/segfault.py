import faulthandler


class Worker:
    def run(self):
        faulthandler._sigsegv()


def main():
    Worker().run()


main()
